package tokamak;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tokamak.grammar.GrammarCompiler;
import tokamak.text.ByteTokenizer;
import tokamak.text.Vocabulary;

class GuideRehearsalTest {
    @Test
    void whatIsRehearsedIsFollowedToItsEnd() {
        Vocabulary bytes = ByteTokenizer.create().vocabulary();
        GrammarCompiler compiler = new GrammarCompiler(bytes, bytes.size(), ByteTokenizer.create()::encodeLiterally);
        assertThat(GuideRehearsal.run(compiler)).isEqualTo(GuideRehearsal.ROUNDS);
    }
}
