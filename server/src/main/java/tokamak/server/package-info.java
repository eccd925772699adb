/** Where the program starts. */
@NullMarked
package tokamak.server;

import org.jspecify.annotations.NullMarked;
