package tokamak.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.SplittableRandom;
import tokamak.api.Guide;

/** Follows guides token by token, and makes texts of them at random. */
final class Texts {
    final FakeVocabulary vocabulary = new FakeVocabulary(1);
    final GrammarCompiler compiler = new GrammarCompiler(vocabulary, vocabulary.size(), vocabulary::longestTokens);
    final int eos = vocabulary.special("<eos>");

    Matcher matcher(Guide guide) {
        return compiler.compile(guide).matcher(eos);
    }

    /** Whether the whole text is one of the guide's, token by token of one byte; special tokens by their spelling. */
    boolean accepts(Guide guide, String text) {
        Matcher matcher = matcher(guide);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (byte b : bytes) {
            matcher.accept(b & 0xff);
        }
        return !matcher.isDead() && matcher.isComplete();
    }

    /** Takes allowed tokens until the text is complete, more likely the end the longer it is; empty if it does not end. */
    Optional<String> random(Guide guide, SplittableRandom random, int maxTokens) {
        Matcher matcher = matcher(guide);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int i = 0; i < maxTokens; i++) {
            if (matcher.isFinished() || matcher.allows(eos) && random.nextInt(4) == 0) {
                return Optional.of(text.toString(StandardCharsets.UTF_8));
            }
            int id = pick(matcher, random);
            text.writeBytes(
                    vocabulary.isSpecial(id)
                            ? vocabulary.piece(id).getBytes(StandardCharsets.UTF_8)
                            : vocabulary.bytes(id));
            matcher.accept(id);
        }
        return Optional.empty();
    }

    /** Any allowed token but the end. */
    int pick(Matcher matcher, SplittableRandom random) {
        int start = random.nextInt(vocabulary.size());
        for (int i = 0; i < vocabulary.size(); i++) {
            int id = (start + i) % vocabulary.size();
            if (id != eos && matcher.allows(id)) {
                return id;
            }
        }
        throw new AssertionError("no token is allowed, and the text is not complete");
    }
}
