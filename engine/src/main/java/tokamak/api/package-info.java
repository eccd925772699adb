/**
 * The words that users and rooms share: records, enums and sealed events without behaviour.
 *
 * <p>Knows no other room.
 */
@NullMarked
package tokamak.api;

import org.jspecify.annotations.NullMarked;
