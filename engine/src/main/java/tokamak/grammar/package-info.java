/**
 * What may come next: compiles a JSON schema, a regular expression, a grammar or a choice to one form, and says before every
 * token which ones are allowed.
 *
 * <p>The idea, bottom up. A {@link tokamak.grammar.Regex} is differentiated by bytes; the derivatives that occur are the
 * states of a lexer ({@link tokamak.grammar.LexState}), made when they are first needed. {@link tokamak.grammar.RuleTable}
 * holds context-free rules over such lexemes. A {@link tokamak.grammar.State} is an Earley set; equal ones are the same object,
 * so that its transitions and its mask are worked out once, whichever sequence comes by. The vocabulary is a trie in one
 * array ({@link tokamak.grammar.TokenTrie}): a mask is one walk over it in which dead branches are skipped whole.
 *
 * <p>Everything is about bytes, so tokens may end in the middle of a character, and begin in one lexeme and end three
 * lexemes later. Nothing is approximate: a token is allowed exactly if some text of the language goes on with its bytes.
 *
 * <p>Knows {@code api}, and {@code text} for the vocabulary. A {@link tokamak.grammar.Grammar} is shared by threads (it locks);
 * a {@link tokamak.grammar.Matcher} belongs to one.
 */
@NullMarked
package tokamak.grammar;

import org.jspecify.annotations.NullMarked;
