/**
 * Renders Jinja2 templates the way Hugging Face does it: the immutable sandbox, {@code trim_blocks}, {@code lstrip_blocks},
 * loop controls, and Python's own idea of text, numbers and containers.
 *
 * <p>Knows no other room. A parsed template is immutable and may be shared by threads; everything that changes while
 * rendering belongs to one {@code Interpreter}, which lives for one call. Templates are hostile input: steps, nesting,
 * memory and output are counted.
 *
 * <p>Values are plain Java objects: {@code null} is None; Boolean, Long, BigInteger (only outside the range of long),
 * Double, String, {@code List} (a Python list) and {@code Map} (a dict) are what they look like; tuples, ranges,
 * undefined values and the like have small classes of their own.
 */
@NullMarked
package tokamak.text.jinja;

import org.jspecify.annotations.NullMarked;
