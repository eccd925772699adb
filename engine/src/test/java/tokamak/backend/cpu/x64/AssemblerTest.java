package tokamak.backend.cpu.x64;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AssemblerTest {
    /** {@code hex bytes | text}, one instruction per line, as the GNU assembler encoded the text. */
    private static final String STORED = "encodings.txt";

    @Test
    void encodingsEqualTheStoredOnesOfAReferenceAssembler() {
        Map<String, String> stored = stored();
        Map<String, byte[]> cases = EncodingCases.all();
        assertThat(stored.keySet()).as("cases without stored bytes").containsAll(cases.keySet());
        cases.forEach(
                (text, bytes) -> assertThat(EncodingCases.hex(bytes)).as(text).isEqualTo(stored.get(text)));
    }

    @Test
    void encodingsEqualThoseOfTheMachinesAssembler(@TempDir Path folder) throws Exception {
        Map<String, byte[]> cases = EncodingCases.all();
        Map<String, String> reference = assemble(folder, List.copyOf(cases.keySet()));
        List<String> wrong = new ArrayList<>();
        cases.forEach((text, bytes) -> {
            String expected = reference.get(text);
            if (!EncodingCases.hex(bytes).equals(expected)) {
                wrong.add(text + ": expected " + expected + ", found " + EncodingCases.hex(bytes));
            }
        });
        assertThat(wrong).isEmpty();
    }

    @Test
    void jumpsAndConstantsFindTheirPlaces() {
        Assembler a = new Assembler();
        Label forward = new Label();
        Label back = new Label();
        a.bind(back);
        a.jump(Assembler.Condition.ZERO, forward);
        a.emit(Op.VMOVUPS, Vec.ymm(0), a.constant32(7));
        a.jump(Assembler.Condition.NOT_ZERO, back);
        a.bind(forward);
        a.ret();
        byte[] code = a.code();
        // jz +10 (over the 8-byte load and the 2-byte jump), vmovups ymm0,[rip+50], jnz -16, ret
        assertThat(EncodingCases.hex(code)).startsWith("0f840a000000" + "c5fc100532000000" + "75f0" + "c3");
        assertThat(code).hasSize(128);
        assertThat(code[64]).isEqualTo((byte) 7);
    }

    @Test
    void impossibleInstructionsAreRefused() {
        Assembler a = new Assembler();
        assertThatThrownBy(() -> a.emit(Op.VPSIGNB, Vec.ymm(17), Vec.ymm(1), Vec.ymm(2)))
                .hasMessageContaining("VPSIGNB has no EVEX form");
        assertThatThrownBy(() -> Mem.at(Gpr.RAX, Gpr.RSP, 1, 0)).hasMessageContaining("rsp");
        assertThatThrownBy(() -> Vec.zmm(32)).hasMessageContaining("0..31");
    }

    private static Map<String, String> stored() {
        try (InputStream in = Objects.requireNonNull(AssemblerTest.class.getResourceAsStream(STORED), STORED)) {
            Map<String, String> map = new LinkedHashMap<>();
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                String[] parts = line.split("\\|", 2);
                map.put(parts[1], parts[0]);
            }
            return map;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs {@code as} on the lines, with a listing that shows the bytes of each. */
    private static Map<String, String> assemble(Path folder, List<String> lines) throws Exception {
        Path source = folder.resolve("cases.s");
        Files.writeString(source, ".intel_syntax noprefix\n" + String.join("\n", lines) + "\n");
        Process process;
        try {
            process = new ProcessBuilder("as", "-aln", "--listing-lhs-width=4", source.toString(), "-o", "cases.o")
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            Assumptions.abort("no GNU assembler on this machine: " + e.getMessage());
            return Map.of();
        }
        String listing = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(listing).isZero();
        Map<String, String> bytes = new LinkedHashMap<>();
        Matcher matcher = Pattern.compile("(?m)^ *(\\d+) [0-9a-f]{4} ([0-9A-F ]+?) *\\t(.*)$")
                .matcher(listing);
        while (matcher.find()) {
            bytes.put(matcher.group(3), matcher.group(2).replace(" ", "").toLowerCase(java.util.Locale.ROOT));
        }
        return bytes;
    }

    /** Writes the stored bytes anew: run after adding an instruction, with the target file as argument. */
    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createTempDirectory("encodings");
        StringBuilder text = new StringBuilder();
        assemble(folder, List.copyOf(EncodingCases.all().keySet()))
                .forEach((line, bytes) ->
                        text.append(bytes).append('|').append(line).append('\n'));
        Files.writeString(Path.of(arguments[0]), text);
    }
}
