package tokamak.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import tokamak.tensor.LittleEndian;

/** The typed values of GGUF's key-value pairs; integers become Long, arrays stay compact. */
final class GgufValue {
    private static final int U8 = 0;
    private static final int I8 = 1;
    private static final int U16 = 2;
    private static final int I16 = 3;
    static final int U32 = 4;
    static final int I32 = 5;
    static final int F32 = 6;
    static final int BOOL = 7;
    static final int STRING = 8;
    static final int ARRAY = 9;
    private static final int U64 = 10;
    private static final int I64 = 11;
    private static final int F64 = 12;

    private static final int MAX_STRING_BYTES = 16 << 20;
    private static final int MAX_ELEMENTS = 1 << 23;
    private static final int MAX_DEPTH = 4;
    private static final int ARRAY_HEADER_BYTES = Integer.BYTES + Long.BYTES;

    private GgufValue() {}

    /** A type and a value of that type. */
    static Object read(ByteCursor in) throws ModelFormatException {
        int type = in.readInt();
        return switch (type) {
            case U8 -> (long) Byte.toUnsignedInt(in.readByte());
            case I8 -> (long) in.readByte();
            case U16 -> (long) Short.toUnsignedInt(in.readShort());
            case I16 -> (long) in.readShort();
            case U32 -> Integer.toUnsignedLong(in.readInt());
            case I32 -> (long) in.readInt();
            case F32 -> (double) Float.intBitsToFloat(in.readInt());
            case BOOL -> readBoolean(in);
            case STRING -> in.readString(MAX_STRING_BYTES);
            case ARRAY -> readArray(in, 1);
            case U64 -> unsigned(in, in.readLong());
            case I64 -> in.readLong();
            case F64 -> Double.longBitsToDouble(in.readLong());
            default -> throw unknown(in, type);
        };
    }

    private static Object readArray(ByteCursor in, int depth) throws ModelFormatException {
        int type = in.readInt();
        return switch (type) {
            case U8 -> readBytes(in, 0xFF);
            case I8 -> readBytes(in, -1);
            case U16 -> readShorts(in, 0xFFFF);
            case I16 -> readShorts(in, -1);
            case U32 -> readUnsignedInts(in);
            case I32 -> elements(in, Integer.BYTES).toArray(LittleEndian.INT);
            case F32 -> elements(in, Float.BYTES).toArray(LittleEndian.FLOAT);
            case BOOL -> readBooleans(in);
            case STRING -> readStrings(in);
            case ARRAY -> readArrays(in, depth);
            case U64 -> readUnsignedLongs(in);
            case I64 -> elements(in, Long.BYTES).toArray(LittleEndian.LONG);
            case F64 -> elements(in, Double.BYTES).toArray(LittleEndian.DOUBLE);
            default -> throw unknown(in, type);
        };
    }

    private static MemorySegment elements(ByteCursor in, int byteSize) throws ModelFormatException {
        long count = in.readCount("elements", byteSize, MAX_ELEMENTS);
        return in.view(count * byteSize);
    }

    private static int[] readBytes(ByteCursor in, int mask) throws ModelFormatException {
        byte[] raw = elements(in, Byte.BYTES).toArray(ValueLayout.JAVA_BYTE);
        int[] values = new int[raw.length];
        for (int i = 0; i < raw.length; i++) {
            values[i] = raw[i] & mask;
        }
        return values;
    }

    private static int[] readShorts(ByteCursor in, int mask) throws ModelFormatException {
        short[] raw = elements(in, Short.BYTES).toArray(LittleEndian.SHORT);
        int[] values = new int[raw.length];
        for (int i = 0; i < raw.length; i++) {
            values[i] = raw[i] & mask;
        }
        return values;
    }

    private static long[] readUnsignedInts(ByteCursor in) throws ModelFormatException {
        int[] raw = elements(in, Integer.BYTES).toArray(LittleEndian.INT);
        long[] values = new long[raw.length];
        for (int i = 0; i < raw.length; i++) {
            values[i] = Integer.toUnsignedLong(raw[i]);
        }
        return values;
    }

    private static long[] readUnsignedLongs(ByteCursor in) throws ModelFormatException {
        long[] values = elements(in, Long.BYTES).toArray(LittleEndian.LONG);
        for (long value : values) {
            unsigned(in, value);
        }
        return values;
    }

    private static boolean[] readBooleans(ByteCursor in) throws ModelFormatException {
        boolean[] values = new boolean[in.readCount("flags", 1, MAX_ELEMENTS)];
        for (int i = 0; i < values.length; i++) {
            values[i] = readBoolean(in);
        }
        return values;
    }

    private static String[] readStrings(ByteCursor in) throws ModelFormatException {
        String[] values = new String[in.readCount("strings", Long.BYTES, MAX_ELEMENTS)];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.readString(MAX_STRING_BYTES);
        }
        return values;
    }

    private static List<Object> readArrays(ByteCursor in, int depth) throws ModelFormatException {
        if (depth == MAX_DEPTH) {
            throw in.broken("arrays nested at most " + MAX_DEPTH + " deep", "a deeper one");
        }
        int count = in.readCount("arrays", ARRAY_HEADER_BYTES, MAX_ELEMENTS);
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(readArray(in, depth + 1));
        }
        return values;
    }

    private static boolean readBoolean(ByteCursor in) throws ModelFormatException {
        byte value = in.readByte();
        if (value != 0 && value != 1) {
            throw in.broken("a flag, 0 or 1", Integer.toString(value));
        }
        return value == 1;
    }

    private static long unsigned(ByteCursor in, long value) throws ModelFormatException {
        if (value < 0) {
            throw in.broken("a number up to " + Long.MAX_VALUE, Long.toUnsignedString(value));
        }
        return value;
    }

    private static ModelFormatException unknown(ByteCursor in, int type) {
        return in.broken("a value type from 0 to 12", "type " + Integer.toUnsignedString(type));
    }
}
