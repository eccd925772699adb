/** The chat page that comes with the server. */
@NullMarked
package tokamak.server.web;

import org.jspecify.annotations.NullMarked;
