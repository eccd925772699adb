package tokamak.backend;

import java.util.List;
import java.util.Locale;

/** How the numbers of keys and values are kept. */
public enum KvType {
    F32("f32", "float32", "float"),
    F16("f16", "float16", "half"),
    /** Eight bits, and a scale for each token and head: {@code scale = max|x| / 127}, {@code q = round(x / scale)}. */
    INT8("int8", "int8_per_token_head"),
    /**
     * Four bits, and a scale and a minimum in F16 for each token and head: {@code scale = (max - min) / 15},
     * {@code q = round((x - min) / scale)}.
     */
    INT4("int4", "int4_per_token_head");

    /** What is taken where nothing is chosen: what the arithmetic has, so that nothing is lost. */
    public static final KvType AUTO = F32;

    private static final String AUTO_NAME = "auto";

    private final List<String> names;

    KvType(String... names) {
        this.names = List.of(names);
    }

    /** The name that people use. */
    public String label() {
        return names.getFirst();
    }

    /**
     * Bytes of one token's key or value of one head.
     *
     * @param dim numbers
     */
    public long vectorBytes(int dim) {
        return switch (this) {
            case F32 -> (long) Float.BYTES * dim;
            case F16 -> (long) Short.BYTES * dim;
            case INT8 -> dim + (long) Float.BYTES;
            case INT4 -> (dim + 1) / 2 + 2L * Short.BYTES;
        };
    }

    /**
     * The type of that name, in any case; {@code auto} is one of them.
     *
     * @throws IllegalArgumentException if there is none; the message says which there are and which comes closest
     */
    public static KvType named(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        if (wanted.equals(AUTO_NAME)) {
            return AUTO;
        }
        for (KvType type : values()) {
            if (type.names.contains(wanted)) {
                return type;
            }
        }
        throw new IllegalArgumentException("must be auto (which is " + AUTO.label()
                + "), f32, f16, int8 or int4, found '" + name + "'" + advice(wanted));
    }

    /** Names that other engines have. */
    private static String advice(String wanted) {
        if (wanted.startsWith("fp8") || wanted.startsWith("q8")) {
            return "; int8 takes as much memory";
        }
        if (wanted.equals("bfloat16") || wanted.equals("bf16")) {
            return "; f16 takes as much memory and is more exact";
        }
        return wanted.contains("q4") || wanted.contains("fp4") || wanted.contains("4bit") || wanted.startsWith("turbo")
                ? "; int4 takes the least memory that there is"
                : "";
    }
}
