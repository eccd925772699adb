/**
 * Strings to token ids and back: tokenizers of every kind models use, incremental detokenizing, chat templates.
 *
 * <p>Knows {@code api} and the metadata half of {@code file}. A tokenizer is immutable and may be shared by threads; a
 * detokenizer belongs to one stream.
 */
@NullMarked
package tokamak.text;

import org.jspecify.annotations.NullMarked;
