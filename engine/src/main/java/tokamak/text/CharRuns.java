package tokamak.text;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Expressions of the form {@code \s?[class]+}, {@code [class]}, {@code \p{N}{1,3}}: runs of characters of one class, perhaps
 * with a space in front. DeepSeek's and others' pre-tokenizers are lists of these; a look-up in a table replaces a regex
 * machine per character.
 */
final class CharRuns {
    /** An optional space, a class without nested ones, how often. */
    private static final Pattern FORM = Pattern.compile(
            "(\\\\s\\?)?(\\[(?:[^\\[\\]\\\\&]|\\\\[^QE])+\\]|\\\\p\\{\\w+\\})(\\+|\\{1,(\\d{1,3})\\})?");

    private static final int PAGE_BITS = 8;

    private final Pattern kind;
    private final boolean spaceInFront;
    private final int longest;
    /** Membership of the Basic Multilingual Plane, a page at a time when it is first met. */
    private final AtomicReferenceArray<boolean[]> pages = new AtomicReferenceArray<>(0x10000 >> PAGE_BITS);

    private CharRuns(Pattern kind, boolean spaceInFront, int longest) {
        this.kind = kind;
        this.spaceInFront = spaceInFront;
        this.longest = longest;
    }

    /** The same as the expression, if it has this form. */
    static Optional<CharRuns> of(String regex) {
        Matcher form = FORM.matcher(regex);
        if (!form.matches()) {
            return Optional.empty();
        }
        String times = form.group(3);
        int longest = times == null ? 1 : times.equals("+") ? Integer.MAX_VALUE : Integer.parseInt(form.group(4));
        return longest == 0
                ? Optional.empty()
                : Optional.of(new CharRuns(TextPattern.toJava(form.group(2)), form.group(1) != null, longest));
    }

    void findAll(String text, int from, int to, Cutter cutter) {
        for (int i = from; i < to; ) {
            int c = text.codePointAt(i);
            int next = i + Character.charCount(c);
            int start = spaceInFront && CharClass.isWhiteSpace(c) && next < to && contains(text.codePointAt(next))
                    ? next
                    : i;
            int end = runEnd(text, start, to);
            if (end > start) {
                cutter.match(i, end);
                i = end;
            } else {
                i = next;
            }
        }
    }

    private int runEnd(String text, int start, int to) {
        int end = start;
        for (int count = 0; end < to && count < longest; count++) {
            int c = text.codePointAt(end);
            if (!contains(c)) {
                break;
            }
            end += Character.charCount(c);
        }
        return end;
    }

    private boolean contains(int c) {
        if (c >= 0x10000) {
            return kind.matcher(Character.toString(c)).matches();
        }
        boolean[] page = pages.get(c >> PAGE_BITS);
        return (page == null ? makePage(c >> PAGE_BITS) : page)[c & (1 << PAGE_BITS) - 1];
    }

    private boolean[] makePage(int number) {
        boolean[] page = new boolean[1 << PAGE_BITS];
        for (int i = 0; i < page.length; i++) {
            page[i] = kind.matcher(Character.toString(number << PAGE_BITS | i)).matches();
        }
        pages.set(number, page);
        return page;
    }
}
