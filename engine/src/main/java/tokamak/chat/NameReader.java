package tokamak.chat;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A function's name: as many characters as names may have. */
final class NameReader implements PartReader {
    private static final Pattern NUMBER = Pattern.compile("(.*):\\d*");
    private static final int MAX_CHARS = 256;

    private final String prefix;

    /** @param prefix "" or what stands before the name, which is followed by a number then */
    NameReader(String prefix) {
        this.prefix = prefix;
    }

    @Override
    public Progress read(Input in, CallSink sink) {
        in.skipSpace();
        int length = 0;
        while (length < in.length() && isPartOfName(in.charAt(length))) {
            length++;
        }
        if (length > MAX_CHARS) {
            return Progress.FAILED;
        }
        if (length == in.length() && !in.hasEnded()) {
            return Progress.MORE;
        }
        String text = in.take(length);
        Optional<String> id = Optional.empty();
        Matcher numbered = NUMBER.matcher(text);
        if (!prefix.isEmpty() && numbered.matches()) {
            id = Optional.of(text);
            text = numbered.group(1);
        }
        String name = text.startsWith(prefix) ? text.substring(prefix.length()) : text;
        return !name.isEmpty() && sink.begin(name, id) ? Progress.DONE : Progress.FAILED;
    }

    private boolean isPartOfName(char c) {
        return c >= 'a' && c <= 'z'
                || c >= 'A' && c <= 'Z'
                || c >= '0' && c <= '9'
                || c == '_'
                || c == '-'
                || c == '.'
                || c == ':' && !prefix.isEmpty();
    }
}
