package tokamak.chat;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's arguments, each passed on when it is complete; the closing bracket is left. */
final class KeywordsReader implements PartReader {
    private static final Pattern KEYWORD = Pattern.compile("\\s*([A-Za-z_]\\w*)\\s*=(?!=)(.*)", Pattern.DOTALL);

    private BracketScanner scanner = new BracketScanner("");
    private int numArguments;

    @Override
    public Progress read(Input in, CallSink sink) {
        while (true) {
            int end = scanner.scan(in, ",)");
            if (end < 0) {
                return in.hasEnded() ? Progress.FAILED : Progress.MORE;
            }
            boolean isLast = in.charAt(end) == ')';
            String text = in.take(end);
            if (!(text.isBlank() && isLast) && !argument(text, sink)) {
                return Progress.FAILED;
            }
            if (isLast) {
                sink.arguments(numArguments == 0 ? "{}" : "}");
                return Progress.DONE;
            }
            in.skip(1);
            scanner = new BracketScanner("");
        }
    }

    private boolean argument(String text, CallSink sink) {
        Matcher keyword = KEYWORD.matcher(text);
        String key;
        String value;
        if (keyword.matches()) {
            key = keyword.group(1);
            value = keyword.group(2);
        } else {
            // By position, as far as the function says what its positions are.
            List<String> names = sink.argumentNames();
            if (numArguments >= names.size()) {
                return false;
            }
            key = names.get(numArguments);
            value = text;
        }
        Optional<String> json = Literals.json(value, "");
        if (json.isEmpty()) {
            return false;
        }
        sink.arguments((numArguments++ == 0 ? "{" : ", ") + JsonText.quoted(key) + ": " + json.get());
        return true;
    }
}
