package tokamak.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Texts of the {@code format}s of JSON Schema, as patterns that match all of a text. Where a standard allows several spellings, most
 * readers understand only one (upper case T and Z, no leap seconds, years from 1, e-mail at a well-known top-level domain): that one
 * is written.
 */
final class FormatPatterns {
    private static final String LEAP_YEAR =
            "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)";
    private static final String YEAR = "(?:000[1-9]|00[1-9]\\d|0[1-9]\\d\\d|[1-9]\\d{3})";
    private static final String DATE = "(?:" + YEAR + "-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
            + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))|" + LEAP_YEAR + "-02-29)";
    private static final String CLOCK = "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?";
    private static final String OFFSET = "(?:Z|[+-](?:0\\d|1[0-7]):[0-5]\\d)";
    private static final String DURATION_TIME =
            "T(?:\\d{1,9}H(?:\\d{1,9}M)?(?:\\d{1,9}S)?|\\d{1,9}M(?:\\d{1,9}S)?|\\d{1,9}S)";
    private static final String DURATION_DATE =
            "(?:\\d{1,9}Y(?:\\d{1,9}M(?:\\d{1,9}D)?)?|\\d{1,9}M(?:\\d{1,9}D)?|\\d{1,9}D)";
    private static final String LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
    private static final String HOSTNAME = "(?=.{1,253}$)" + LABEL + "(?:\\." + LABEL + ")*";
    private static final String ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
    /** As many labels as there may be together with these fit into the 253 characters that a domain has at most. */
    private static final String SHORT_LABEL = LABEL.replace("{0,61}", "{0,25}");

    /** Up to the dot before the top-level domain. */
    private static final String EMAIL = "(?=[^@]{1,64}@)" + ATOM + "(?:\\." + ATOM + ")*@(?:(?:" + LABEL
            + "\\.){1,3}|(?:" + SHORT_LABEL + "\\.){4,8})";

    private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final String IPV4 = BYTE + "(?:\\." + BYTE + "){3}";
    private static final String IPV6 = ipv6();
    private static final String HEX = "[0-9a-fA-F]";
    private static final String UUID = HEX + "{8}-" + HEX + "{4}-" + HEX + "{4}-" + HEX + "{4}-" + HEX + "{12}";
    private static final String VERSIONED_UUID =
            HEX + "{8}-" + HEX + "{4}-VERSION" + HEX + "{3}-[89abAB]" + HEX + "{3}-" + HEX + "{12}";
    private static final String BASE64 =
            "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?";
    private static final String BEYOND_ASCII = "\\u00a0-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\uffef";
    private static final String JSON_POINTER = "(?:/(?:[^/~\\n\\r\\x85\\u2028\\u2029]|~[01])*)*";

    private static final List<String> GENERAL_DOMAINS = List.of(
            "com",
            "org",
            "net",
            "edu",
            "gov",
            "mil",
            "int",
            "info",
            "biz",
            "name",
            "pro",
            "aero",
            "coop",
            "museum",
            "mobi",
            "jobs",
            "travel",
            "cat",
            "tel",
            "asia",
            "post",
            "eu",
            "uk",
            "app",
            "dev",
            "blog",
            "shop",
            "store",
            "online",
            "site",
            "tech",
            "cloud",
            "email",
            "digital",
            "agency",
            "company",
            "group",
            "media",
            "news",
            "world",
            "life",
            "live",
            "studio",
            "design",
            "solutions",
            "services",
            "systems",
            "software",
            "technology",
            "academy",
            "school",
            "university",
            "foundation",
            "charity",
            "health",
            "bank",
            "berlin",
            "london",
            "paris",
            "nyc",
            "xyz");
    private static final Set<String> COUNTRIES_WITHOUT_DOMAIN = Set.of("BL", "BQ", "EH", "MF", "SS", "UM");

    private static final Map<String, String> PATTERNS = new TreeMap<>(Map.ofEntries(
            Map.entry("date", DATE),
            Map.entry("time", CLOCK + OFFSET),
            Map.entry("date-time", DATE + "T" + CLOCK + OFFSET),
            Map.entry(
                    "duration", "P(?:" + DURATION_DATE + "(?:" + DURATION_TIME + ")?|" + DURATION_TIME + "|\\d{1,9}W)"),
            Map.entry("email", EMAIL),
            Map.entry("hostname", HOSTNAME),
            Map.entry("ipv4", IPV4),
            Map.entry("ipv6", IPV6),
            Map.entry("uuid", UUID),
            Map.entry("uuid1", VERSIONED_UUID.replace("VERSION", "1")),
            Map.entry("uuid3", VERSIONED_UUID.replace("VERSION", "3")),
            Map.entry("uuid4", VERSIONED_UUID.replace("VERSION", "4")),
            Map.entry("uuid5", VERSIONED_UUID.replace("VERSION", "5")),
            Map.entry("uuid7", VERSIONED_UUID.replace("VERSION", "7")),
            Map.entry("byte", BASE64),
            Map.entry("base64", BASE64),
            Map.entry("base64url", "[A-Za-z0-9_\\-]*"),
            Map.entry("uri", uri("")),
            Map.entry("uri-reference", reference("")),
            Map.entry("iri", uri(BEYOND_ASCII)),
            Map.entry("iri-reference", reference(BEYOND_ASCII)),
            Map.entry("json-pointer", JSON_POINTER),
            Map.entry("relative-json-pointer", "(?:0|[1-9]\\d{0,8})(?:#|" + JSON_POINTER + ")")));

    private FormatPatterns() {}

    /** All texts of a format, in an alphabet that writes ASCII letters as they are. */
    static Regex compile(String name, Alphabet alphabet) {
        Regex pattern = new PatternCompiler(alphabet).whole(PatternParser.parse(PATTERNS.get(name)));
        return name.equals("email") ? alphabet.pool().concat(pattern, topLevelDomains(alphabet.pool())) : pattern;
    }

    /**
     * Those of countries, and the general ones in wide use. Validators look them up, so an address at a domain that does not
     * exist would be refused by the reader; rare ones are left out rather than listed by the thousand.
     */
    private static Regex topLevelDomains(RegexPool pool) {
        List<String> names = new ArrayList<>(GENERAL_DOMAINS);
        for (String country : Locale.getISOCountries()) {
            if (!COUNTRIES_WITHOUT_DOMAIN.contains(country)) {
                names.add(country.toLowerCase(Locale.ROOT));
            }
        }
        List<byte[]> spellings = new ArrayList<>();
        for (String name : names) {
            spellings.add(name.getBytes(StandardCharsets.US_ASCII));
            spellings.add(name.toUpperCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII));
        }
        return pool.literals(spellings);
    }

    static boolean isKnown(String name) {
        return PATTERNS.containsKey(name);
    }

    static List<String> names() {
        return List.copyOf(PATTERNS.keySet());
    }

    /** RFC 4291: eight groups, of which a run may be left out, and the last two may be written as IPv4. */
    private static String ipv6() {
        String group = "[0-9a-fA-F]{1,4}";
        String last = "(?:" + group + ":" + group + "|" + IPV4 + ")";
        StringBuilder out = new StringBuilder("(?:(?:" + group + ":){6}" + last);
        // "::" stands for at least one group: up to i groups before it, and what remains behind it.
        for (int behind = 5; behind >= 0; behind--) {
            int before = 5 - behind;
            out.append('|')
                    .append(upTo(group, before))
                    .append("::(?:")
                    .append(group)
                    .append(":){")
                    .append(behind);
            out.append('}').append(last);
        }
        out.append('|').append(upTo(group, 6)).append("::").append(group);
        out.append('|').append(upTo(group, 7)).append("::");
        return out.append(')').toString();
    }

    private static String upTo(String group, int count) {
        return count == 0 ? "" : "(?:(?:" + group + ":){0," + (count - 1) + "}" + group + ")?";
    }

    // ---- RFC 3986

    private static String character(String more, String delimiters) {
        return "(?:[A-Za-z0-9._~" + delimiters + more + "-]|%[0-9a-fA-F]{2})";
    }

    private static String authority(String more) {
        String part = character(more, "!$&'()*+,;=");
        return "(?:" + character(more, "!$&'()*+,;=:") + "*@)?(?:\\[" + IPV6 + "\\]|" + part + "*)(?::\\d{0,5})?";
    }

    private static String tail(String more) {
        String any = character(more, "!$&'()*+,;=:@/?");
        return "(?:\\?" + any + "*)?(?:#" + any + "*)?";
    }

    private static String uri(String more) {
        String segment = character(more, "!$&'()*+,;=:@");
        String path = "(?:/" + segment + "*)*";
        String hierarchy =
                "(?://" + authority(more) + path + "|/(?:" + segment + "+" + path + ")?|" + segment + "+" + path + "|)";
        return "[A-Za-z][A-Za-z0-9+.-]*:" + hierarchy + tail(more);
    }

    private static String reference(String more) {
        String segment = character(more, "!$&'()*+,;=:@");
        String first = character(more, "!$&'()*+,;=@");
        String path = "(?:/" + segment + "*)*";
        String relative = "(?://" + authority(more) + path + "|/(?:" + segment + "+" + path + ")?|" + first + "+" + path
                + "|)" + tail(more);
        return "(?:" + uri(more) + "|" + relative + ")";
    }
}
