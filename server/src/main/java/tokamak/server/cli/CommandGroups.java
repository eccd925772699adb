package tokamak.server.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Lists the commands by what they are for, instead of one long list. */
final class CommandGroups {
    private static final Map<String, List<String>> GROUPS = groups();

    private CommandGroups() {}

    private static Map<String, List<String>> groups() {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        groups.put("Use a model", List.of("run", "serve", "generate", "score"));
        groups.put("Look into a model", List.of("inspect", "tokenize"));
        groups.put("Change a model", List.of("quantize"));
        groups.put("Measure", List.of("bench", "perplexity", "selftest"));
        return groups;
    }

    /** All commands, in the order in which they are listed. */
    static List<String> names() {
        return GROUPS.values().stream().flatMap(List::stream).toList();
    }

    static void install(CommandLine line) {
        line.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, CommandGroups::render);
    }

    private static String render(Help help) {
        StringBuilder text = new StringBuilder();
        GROUPS.forEach((title, names) -> {
            text.append(String.format("%n%s:%n", title));
            for (String name : names) {
                Help command = Objects.requireNonNull(help.allSubcommands().get(name), name);
                String[] header = command.commandSpec().usageMessage().header();
                text.append(String.format(
                        "  %s%s%n",
                        help.colorScheme().commandText(name) + " ".repeat(Math.max(1, 12 - name.length())),
                        String.join(" ", header)));
            }
        });
        return text.toString();
    }
}
