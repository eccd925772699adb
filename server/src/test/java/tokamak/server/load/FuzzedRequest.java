package tokamak.server.load;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A request that was good before a seed changed it.
 *
 * @param framingIsBroken whether a server may close the connection instead of answering
 */
record FuzzedRequest(byte[] bytes, boolean framingIsBroken) {
    private static final List<String> PATHS = List.of(
            "/v1/chat/completions",
            "/v1/completions",
            "/v1/responses",
            "/v1/embeddings",
            "/tokenize",
            "/detokenize",
            "/v1/models",
            "/v1/models/abc",
            "/metrics",
            "/health",
            "/");
    private static final List<String> BODIES = List.of(
            "{\"model\":\"abc\",\"messages\":[{\"role\":\"system\",\"content\":\"be\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\","
                    + "\"text\":\"hi\"}]}],\"max_tokens\":2,\"stop\":[\"q\"],\"logit_bias\":{\"98\":1},\"seed\":5,\"logprobs\":true,"
                    + "\"top_logprobs\":1,\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\","
                    + "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c\","
                    + "\"content\":\"1\"}],\"max_tokens\":2,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":"
                    + "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":1}}}}}],\"tool_choice\":\"auto\","
                    + "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{\"type\":\"object\"}}}}",
            "{\"prompt\":[\"ab\",\"c\"],\"max_tokens\":2,\"n\":2,\"temperature\":0.5,\"echo\":true,\"logprobs\":1,\"stop\":\"x\","
                    + "\"stream\":false,\"min_p\":0.1,\"top_k\":3,\"top_p\":0.9,\"bad_words\":[\"e\"],\"best_of\":2,\"priority\":1}",
            "{\"prompt\":[97,98],\"max_tokens\":3,\"stop_token_ids\":[256],\"min_tokens\":1,\"repetition_penalty\":1.1,"
                    + "\"prompt_logprobs\":1,\"ignore_eos\":true,\"cache_salt\":\"s\",\"allowed_token_ids\":[97,98,99],\"stream\":true}",
            "{\"input\":\"hi\",\"max_output_tokens\":16,\"instructions\":\"x\",\"stream\":true,\"previous_response_id\":null,"
                    + "\"text\":{\"format\":{\"type\":\"text\"}},\"metadata\":{\"a\":\"b\"}}",
            "{\"model\":\"abc\",\"input\":[\"a\",\"b\"],\"encoding_format\":\"base64\",\"dimensions\":8}",
            "{\"prompt\":\"ab\",\"add_special_tokens\":true,\"return_token_strs\":true}",
            "{\"tokens\":[97,98,256]}");
    private static final List<String> PIECES = List.of(
            "null",
            "-1",
            "1e999",
            "-1e-999",
            "\"\\ud800\"",
            "\"\\u0000\"",
            "[]",
            "{}",
            "true",
            "9999999999999999999999",
            "2147483648",
            "\"\"",
            "\"a\"",
            "0",
            "0.5",
            "[[1]]",
            "[null]",
            "{\"a\":{}}",
            "[\"\\ud83d\\ude00\"]",
            "NaN",
            "[{\"role\":\"user\"}]",
            "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}",
            "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}}}",
            "{\"regex\":\"(a*)*b\"}",
            "{\"grammar\":\"root ::= root\"}");
    private static final List<String> FIELDS = List.of(
            "guided_json",
            "structured_outputs",
            "response_format",
            "tools",
            "tool_choice",
            "chat_template_kwargs",
            "continue_final_message",
            "documents",
            "truncate_prompt_tokens",
            "return_token_ids",
            "use_beam_search",
            "suffix",
            "reasoning_effort",
            "parallel_tool_calls",
            "repetition_detection",
            "presence_penalty",
            "frequency_penalty",
            "user",
            "request_id",
            "n",
            "max_completion_tokens",
            "include",
            "dimensions");
    private static final List<String> HEADERS = List.of(
            "Expect: 100-continue",
            "X-Request-Id: a\u0001b",
            "X-Request-Id: ok-id",
            "Authorization: Bearer",
            "Authorization: Basic eDp5",
            "Authorization: Bearer \u00ff\u00ff",
            "Origin: null",
            "Origin: http://localhost:1",
            "Accept: application/openmetrics-text",
            "Accept-Encoding: br",
            "Content-Type: text/plain; charset=utf-16",
            "Content-Encoding: gzip",
            "Connection: upgrade",
            "Upgrade: h2c",
            "HTTP2-Settings: AAMAAABkAAQAAP__",
            "Cookie: a=b; c=d",
            "Range: bytes=0-1",
            "X-Http-Method-Override: DELETE");

    /** Headers and lines that leave open where the request ends. */
    private static final List<String> BROKEN = List.of(
            "Content-Length: -1",
            "Content-Length: 99999999999999999999",
            "Content-Length: 5, 6",
            "Content-Length: 12x",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: \u000bchunked",
            "Content-Length : 3",
            " folded: line",
            ": nothing",
            "no colon here",
            "Host: a\u0000b",
            "\u007f\u0001: x");

    static FuzzedRequest of(SplittableRandom random) {
        String method = random.nextInt(20) == 0
                ? List.of("GET", "PUT", "OPTIONS", "HEAD", "DELETE", "PATCH", "G\u00cbT", "TRACE", "PRI")
                        .get(random.nextInt(9))
                : "POST";
        String path = path(random);
        byte[] body = body(random);
        boolean broken = random.nextInt(12) == 0;
        StringBuilder head = new StringBuilder();
        head.append(method)
                .append(' ')
                .append(path)
                .append(' ')
                .append(version(random))
                .append("\r\n");
        head.append("Host: localhost\r\n");
        for (int extra = random.nextInt(3); extra > 0; extra--) {
            head.append(HEADERS.get(random.nextInt(HEADERS.size()))).append("\r\n");
        }
        if (broken) {
            head.append(BROKEN.get(random.nextInt(BROKEN.size()))).append("\r\n");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (random.nextInt(8) == 0 && !broken) {
            head.append("Transfer-Encoding: chunked\r\n\r\n");
            write(bytes, head.toString());
            chunk(bytes, body, random);
        } else {
            int length = broken && random.nextBoolean() ? body.length + random.nextInt(-5, 50) : body.length;
            head.append("Content-Length: ").append(length).append("\r\n\r\n");
            write(bytes, head.toString());
            bytes.writeBytes(body);
        }
        byte[] whole = bytes.toByteArray();
        if (broken && random.nextInt(4) == 0) {
            whole[random.nextInt(whole.length)] = (byte) random.nextInt(256);
        }
        // Methods that are no tokens, and header values that are none, may be refused by closing.
        return new FuzzedRequest(whole, broken || !method.matches("[A-Z]+") || head.indexOf("\u0001") >= 0);
    }

    private static String version(SplittableRandom random) {
        return switch (random.nextInt(60)) {
            case 0 -> "HTTP/1.0";
            case 1 -> "HTTP/1.0\r\nConnection: keep-alive";
            default -> "HTTP/1.1";
        };
    }

    private static String path(SplittableRandom random) {
        String path = PATHS.get(random.nextInt(random.nextInt(4) == 0 ? PATHS.size() : 6));
        return switch (random.nextInt(40)) {
            case 0 -> path + "?a=%zz&b";
            case 1 -> path + "/%2e%2e/%00";
            case 2 -> "http://elsewhere" + path;
            case 3 -> path + "%";
            case 4 -> "//" + path;
            default -> path;
        };
    }

    private static byte[] body(SplittableRandom random) {
        StringBuilder body = new StringBuilder(BODIES.get(random.nextInt(BODIES.size())));
        for (int edits = random.nextInt(0, 5); edits > 0; edits--) {
            if (body.isEmpty()) {
                body.append('{');
            }
            edit(body, random);
        }
        byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(20) == 0 && bytes.length > 0) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    private static void edit(StringBuilder body, SplittableRandom random) {
        int at = random.nextInt(body.length());
        String piece = PIECES.get(random.nextInt(PIECES.size()));
        switch (random.nextInt(8)) {
            case 0 -> body.setCharAt(at, (char) random.nextInt(32, 127));
            case 1 -> body.delete(at, Math.min(body.length(), at + random.nextInt(1, 9)));
            case 2 -> body.insert(at, piece);
            case 3 ->
                body.insert(
                        body.indexOf("{") + 1, "\"" + FIELDS.get(random.nextInt(FIELDS.size())) + "\":" + piece + ",");
            case 4 -> body.insert(at, "[".repeat(random.nextInt(1, 5000)));
            default -> replaceValue(body, at, piece);
        }
    }

    private static void replaceValue(StringBuilder body, int from, String piece) {
        int colon = body.indexOf(":", from);
        if (colon >= 0) {
            int end = body.indexOf(",\"", colon);
            body.replace(colon + 1, end < 0 ? Math.max(colon + 1, body.length() - 1) : end, piece);
        }
    }

    private static void chunk(ByteArrayOutputStream out, byte[] body, SplittableRandom random) {
        for (int at = 0; at < body.length; ) {
            int size = Math.min(body.length - at, random.nextInt(1, 200));
            write(out, Integer.toHexString(size) + "\r\n");
            out.write(body, at, size);
            write(out, "\r\n");
            at += size;
        }
        write(out, "0\r\n\r\n");
    }

    private static void write(ByteArrayOutputStream out, String text) {
        out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public String toString() {
        return new String(bytes, StandardCharsets.ISO_8859_1).replace("\r\n", "|");
    }
}
