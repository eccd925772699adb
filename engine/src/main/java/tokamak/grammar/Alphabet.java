package tokamak.grammar;

import java.util.ArrayList;
import java.util.List;

/** How characters become bytes: what a pattern means depends on where its text is written. */
interface Alphabet {
    /** Any one of these characters, as it is written. */
    Regex oneOf(CodePoints characters);

    RegexPool pool();

    default Regex anyCharacter() {
        return oneOf(CodePoints.ALL);
    }

    default Regex text(String text) {
        List<Regex> parts = new ArrayList<>();
        text.codePoints().forEach(c -> parts.add(oneOf(CodePoints.of(c))));
        return pool().concat(parts);
    }
}
