package tokamak.file;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one pickle as data. Nothing is imported and nothing is run: a global is a name, and what calling it means is for
 * the {@link Machine} to say, or to refuse. Opcodes that only programs need are refused too.
 *
 * <p>Values: {@link Long} or {@link BigInteger}, {@link Double}, {@link Boolean}, {@link String}, {@code byte[]},
 * {@link List}, {@link Tuple}, {@link Map}, {@link Nothing}, {@link Global}, and what the machine makes.
 *
 * <p>Source: the opcodes as CPython's {@code pickletools} describes them, protocols 2 to 5.
 */
final class Unpickler {
    private static final int MAX_OPERATIONS = 20_000_000;
    private static final int MAX_TEXT_BYTES = 1 << 20;
    private static final int MAX_LINE_BYTES = 256;

    /** What a program would import: {@code module.name}. */
    record Global(String module, String name) {
        @Override
        public String toString() {
            return module + "." + name;
        }
    }

    record Tuple(List<Object> items) {}

    enum Nothing {
        NONE
    }

    /** Gives meaning to the few names that a pickle may use. */
    interface Machine {
        Object call(Global function, List<Object> arguments) throws ModelFormatException;

        Object persistent(Object id) throws ModelFormatException;

        void setState(Object object, Object state) throws ModelFormatException;

        /** Refuses names that no pickle needs here. */
        void check(Global global) throws ModelFormatException;
    }

    private enum Mark {
        MARK
    }

    private final ByteCursor in;
    private final Machine machine;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    private Unpickler(ByteCursor in, Machine machine) {
        this.in = in;
        this.machine = machine;
    }

    /** Reads up to the pickle's own end; what follows in the file is left alone. */
    static Object read(ByteCursor in, Machine machine) throws ModelFormatException {
        return new Unpickler(in, machine).run();
    }

    private Object run() throws ModelFormatException {
        for (int i = 0; i < MAX_OPERATIONS; i++) {
            int opcode = in.readByte() & 0xFF;
            if (opcode == '.') {
                return pop();
            }
            if (!pushConstant(opcode) && !useMemo(opcode) && !collect(opcode)) {
                make(opcode);
            }
        }
        throw in.broken("at most " + MAX_OPERATIONS + " operations", "more");
    }

    private boolean pushConstant(int opcode) throws ModelFormatException {
        switch (opcode) {
            case 'N' -> push(Nothing.NONE);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'J' -> push((long) in.readInt());
            case 'K' -> push((long) (in.readByte() & 0xFF));
            case 'M' -> push((long) (in.readShort() & 0xFFFF));
            case 0x8a -> push(integer(in.readByte() & 0xFF));
            case 0x8b -> push(integer(length(in.readInt(), MAX_LINE_BYTES)));
            case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(in.readLong())));
            case 'X' -> push(text(in.readInt()));
            case 0x8c -> push(text(in.readByte() & 0xFF));
            case 0x8d -> push(in.readString(MAX_TEXT_BYTES));
            case 'U' -> push(latin(in.readByte() & 0xFF));
            case 'T' -> push(latin(in.readInt()));
            case 'C' -> push(in.readBytes(in.readByte() & 0xFF));
            case 'B' -> push(in.readBytes(length(in.readInt(), MAX_TEXT_BYTES)));
            case '(' -> push(Mark.MARK);
            case '}' -> push(new LinkedHashMap<Object, Object>());
            case ']' -> push(new ArrayList<>());
            case ')' -> push(new Tuple(List.of()));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean useMemo(int opcode) throws ModelFormatException {
        switch (opcode) {
            case 'q' -> memo.put(in.readByte() & 0xFF, top());
            case 'r' -> memo.put(in.readInt(), top());
            case 0x94 -> memo.put(memo.size(), top());
            case 'h' -> push(recall(in.readByte() & 0xFF));
            case 'j' -> push(recall(in.readInt()));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean collect(int opcode) throws ModelFormatException {
        switch (opcode) {
            case 't' -> push(new Tuple(popToMark()));
            case 0x85 -> push(new Tuple(popLast(1)));
            case 0x86 -> push(new Tuple(popLast(2)));
            case 0x87 -> push(new Tuple(popLast(3)));
            case 'a' -> append(popLast(1));
            case 'e' -> append(popToMark());
            case 's' -> put(popLast(2));
            case 'u' -> put(popToMark());
            case '0' -> pop();
            case '1' -> popToMark();
            case '2' -> push(top());
            default -> {
                return false;
            }
        }
        return true;
    }

    private void make(int opcode) throws ModelFormatException {
        switch (opcode) {
            case 0x80 -> {
                int protocol = in.readByte() & 0xFF;
                if (protocol < 2 || protocol > 5) {
                    throw in.broken("a pickle of protocol 2 to 5", Integer.toString(protocol));
                }
            }
            case 0x95 -> in.readLong(); // the size of a frame, of use to streams only
            case 'c' -> push(global(in.readLine(MAX_LINE_BYTES), in.readLine(MAX_LINE_BYTES)));
            case 0x93 -> {
                List<Object> names = popLast(2);
                if (!(names.get(0) instanceof String module) || !(names.get(1) instanceof String name)) {
                    throw in.broken("a module and a name", describe(names.get(0)));
                }
                push(global(module, name));
            }
            case 'Q' -> push(machine.persistent(pop()));
            case 'R', 0x81 -> {
                List<Object> call = popLast(2);
                if (!(call.get(0) instanceof Global function) || !(call.get(1) instanceof Tuple arguments)) {
                    throw in.broken("a function and its arguments", describe(call.get(0)));
                }
                push(machine.call(function, arguments.items()));
            }
            case 'b' -> {
                Object state = pop();
                machine.setState(top(), state);
            }
            default -> throw in.broken("an operation that tensors need", String.format("opcode 0x%02x", opcode));
        }
    }

    private Global global(String module, String name) throws ModelFormatException {
        Global global = new Global(module, name);
        machine.check(global);
        return global;
    }

    private void push(Object value) {
        stack.add(value);
    }

    private Object pop() throws ModelFormatException {
        return popLast(1).getFirst();
    }

    private Object top() throws ModelFormatException {
        if (stack.isEmpty() || stack.getLast() == Mark.MARK) {
            throw in.broken("a value on the stack", "none");
        }
        return stack.getLast();
    }

    private Object recall(int key) throws ModelFormatException {
        Object value = memo.get(key);
        if (value == null) {
            throw in.broken("something remembered as " + key, "nothing");
        }
        return value;
    }

    private List<Object> popLast(int count) throws ModelFormatException {
        int from = stack.size() - count;
        if (from < 0 || stack.subList(from, stack.size()).contains(Mark.MARK)) {
            throw in.broken(count + " values on the stack", "fewer");
        }
        return cut(from);
    }

    private List<Object> popToMark() throws ModelFormatException {
        int mark = stack.size() - 1;
        while (mark >= 0 && stack.get(mark) != Mark.MARK) {
            mark--;
        }
        if (mark < 0) {
            throw in.broken("a mark on the stack", "none");
        }
        List<Object> values = cut(mark + 1);
        stack.removeLast();
        return values;
    }

    private List<Object> cut(int from) {
        List<Object> last = stack.subList(from, stack.size());
        List<Object> values = new ArrayList<>(last);
        last.clear();
        return values;
    }

    @SuppressWarnings("unchecked")
    private void append(List<Object> values) throws ModelFormatException {
        if (!(top() instanceof List<?> list)) {
            throw in.broken("a list to append to", describe(top()));
        }
        ((List<Object>) list).addAll(values);
    }

    @SuppressWarnings("unchecked")
    private void put(List<Object> pairs) throws ModelFormatException {
        if (!(top() instanceof Map<?, ?> map) || pairs.size() % 2 != 0) {
            throw in.broken("a dict and pairs to put into it", describe(top()));
        }
        for (int i = 0; i < pairs.size(); i += 2) {
            Object key = pairs.get(i);
            // Others may contain themselves, and would be hashed for ever.
            if (!(key instanceof String || key instanceof Long)) {
                throw in.broken("a text or a number as a key", describe(key));
            }
            ((Map<Object, Object>) map).put(key, pairs.get(i + 1));
        }
    }

    private Object integer(int length) throws ModelFormatException {
        byte[] bytes = in.readBytes(length);
        byte[] bigEndian = new byte[length];
        for (int i = 0; i < length; i++) {
            bigEndian[length - 1 - i] = bytes[i];
        }
        BigInteger value = length == 0 ? BigInteger.ZERO : new BigInteger(bigEndian);
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    private String text(int length) throws ModelFormatException {
        return new String(in.readBytes(length(length, MAX_TEXT_BYTES)), StandardCharsets.UTF_8);
    }

    private String latin(int length) throws ModelFormatException {
        return new String(in.readBytes(length(length, MAX_TEXT_BYTES)), StandardCharsets.ISO_8859_1);
    }

    private int length(int claimed, int max) throws ModelFormatException {
        if (claimed < 0 || claimed > max) {
            throw in.broken("a length of at most " + max, Integer.toUnsignedString(claimed));
        }
        return claimed;
    }

    /** A value's kind, for messages; never its content, which may be anything. */
    static String describe(Object value) {
        return switch (value) {
            case Global global -> global.toString();
            case Nothing _ -> "None";
            case Map<?, ?> map -> "a dict of " + map.size();
            case List<?> list -> "a list of " + list.size();
            case Tuple tuple -> "a tuple of " + tuple.items().size();
            case String text -> "a text of " + text.length() + " characters";
            case byte[] bytes -> bytes.length + " bytes";
            case Long number -> number.toString();
            default -> "a " + value.getClass().getSimpleName();
        };
    }
}
