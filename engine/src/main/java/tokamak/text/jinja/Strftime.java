package tokamak.text.jinja;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.TextStyle;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** Formats a date and time as C's strftime does in the C locale. */
final class Strftime {
    private Strftime() {}

    static String format(String format, LocalDateTime time, Budget budget) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            char flag = format.charAt(++i);
            boolean hasFlag = "-_0^#".indexOf(flag) >= 0 && i + 1 < format.length();
            String field = field(hasFlag ? format.charAt(++i) : flag, time);
            out.append(hasFlag ? flagged(flag, field) : field);
            budget.cells(32);
        }
        return out.toString();
    }

    private static String flagged(char flag, String field) {
        int zeros = 0;
        while (zeros < field.length() - 1 && (field.charAt(zeros) == '0' || field.charAt(zeros) == ' ')) {
            zeros++;
        }
        return switch (flag) {
            case '-' -> field.substring(zeros);
            case '_' -> " ".repeat(zeros) + field.substring(zeros);
            case '0' -> "0".repeat(zeros) + field.substring(zeros);
            default -> field.toUpperCase(Locale.ROOT);
        };
    }

    private static String field(char directive, LocalDateTime time) {
        int sundayFirst = time.getDayOfWeek().getValue() % 7;
        int hour12 = (time.getHour() + 11) % 12 + 1;
        return switch (directive) {
            case 'Y' -> String.valueOf(time.getYear());
            case 'C' -> two(time.getYear() / 100);
            case 'y' -> two(time.getYear() % 100);
            case 'm' -> two(time.getMonthValue());
            case 'd' -> two(time.getDayOfMonth());
            case 'e' -> spaced(time.getDayOfMonth());
            case 'H' -> two(time.getHour());
            case 'k' -> spaced(time.getHour());
            case 'I' -> two(hour12);
            case 'l' -> spaced(hour12);
            case 'M' -> two(time.getMinute());
            case 'S' -> two(time.getSecond());
            case 'f' -> padded(time.getNano() / 1000, 6);
            case 'j' -> padded(time.getDayOfYear(), 3);
            case 'b', 'h' -> time.getMonth().getDisplayName(TextStyle.SHORT, Locale.US);
            case 'B' -> time.getMonth().getDisplayName(TextStyle.FULL, Locale.US);
            case 'a' -> time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.US);
            case 'A' -> time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.US);
            case 'p' -> time.getHour() < 12 ? "AM" : "PM";
            case 'P' -> time.getHour() < 12 ? "am" : "pm";
            case 'u' -> String.valueOf(time.getDayOfWeek().getValue());
            case 'w' -> String.valueOf(sundayFirst);
            case 'U' -> two((time.getDayOfYear() + 6 - sundayFirst) / 7);
            case 'W' -> two((time.getDayOfYear() + 6 - (sundayFirst + 6) % 7) / 7);
            case 'V' -> two(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            case 'G' -> String.valueOf(time.get(IsoFields.WEEK_BASED_YEAR));
            case 'g' -> two(time.get(IsoFields.WEEK_BASED_YEAR) % 100);
            case 's' -> String.valueOf(time.toEpochSecond(ZoneOffset.UTC));
            case 'D', 'x' -> field('m', time) + "/" + field('d', time) + "/" + field('y', time);
            case 'F' -> field('Y', time) + "-" + field('m', time) + "-" + field('d', time);
            case 'T', 'X' -> field('R', time) + ":" + field('S', time);
            case 'R' -> field('H', time) + ":" + field('M', time);
            case 'r' -> field('I', time) + ":" + field('M', time) + ":" + field('S', time) + " " + field('p', time);
            case 'c' ->
                field('a', time) + " " + field('b', time) + " " + field('e', time) + " " + field('T', time) + " "
                        + field('Y', time);
            case 'Z', 'z' -> "";
            case 'n' -> "\n";
            case 't' -> "\t";
            case '%' -> "%";
            default -> "%" + directive;
        };
    }

    private static String two(int value) {
        return padded(value, 2);
    }

    private static String spaced(int value) {
        return value < 10 ? " " + value : String.valueOf(value);
    }

    private static String padded(int value, int width) {
        String digits = String.valueOf(value);
        return "0".repeat(Math.max(0, width - digits.length())) + digits;
    }
}
