/** Rewrites class files so that the JDK's cache of loaded classes can hold them. */
@NullMarked
package tokamak.server.launch;

import org.jspecify.annotations.NullMarked;
