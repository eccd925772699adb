package tokamak.file;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tokamak.file.Unpickler.Global;
import tokamak.file.Unpickler.Nothing;
import tokamak.file.Unpickler.Tuple;
import tokamak.tensor.DType;

/** The few names that a state dict of tensors needs, and nothing else. None of them is looked up anywhere or run. */
final class TorchMachine implements Unpickler.Machine {
    private static final Global ORDERED_DICT = new Global("collections", "OrderedDict");
    private static final Global SIZE = new Global("torch", "Size");
    private static final Global UNTYPED = new Global("torch.storage", "UntypedStorage");
    private static final Global REBUILD = new Global("torch._utils", "_rebuild_tensor");
    private static final Global REBUILD_V2 = new Global("torch._utils", "_rebuild_tensor_v2");
    private static final Global REBUILD_V3 = new Global("torch._utils", "_rebuild_tensor_v3");
    private static final Global PARAMETER = new Global("torch._utils", "_rebuild_parameter");
    private static final Global PARAMETER_WITH_STATE = new Global("torch._utils", "_rebuild_parameter_with_state");

    private static final Map<Global, DType> STORAGES = Map.ofEntries(
            storage("DoubleStorage", DType.F64),
            storage("FloatStorage", DType.F32),
            storage("HalfStorage", DType.F16),
            storage("BFloat16Storage", DType.BF16),
            storage("LongStorage", DType.I64),
            storage("IntStorage", DType.I32),
            storage("ShortStorage", DType.I16),
            storage("CharStorage", DType.I8),
            storage("ByteStorage", DType.U8),
            storage("BoolStorage", DType.BOOL));

    private static final Map<Global, DType> DTYPES = Map.ofEntries(
            storage("float64", DType.F64),
            storage("float32", DType.F32),
            storage("float16", DType.F16),
            storage("bfloat16", DType.BF16),
            storage("float8_e4m3fn", DType.F8_E4M3),
            storage("float8_e5m2", DType.F8_E5M2),
            storage("float8_e8m0fnu", DType.F8_E8M0),
            storage("int64", DType.I64),
            storage("int32", DType.I32),
            storage("int16", DType.I16),
            storage("int8", DType.I8),
            storage("uint8", DType.U8),
            storage("bool", DType.BOOL));

    private static final List<Global> FUNCTIONS =
            List.of(ORDERED_DICT, SIZE, UNTYPED, REBUILD, REBUILD_V2, REBUILD_V3, PARAMETER, PARAMETER_WITH_STATE);

    /** @param dtype null for bytes whose meaning the tensor says */
    record Storage(String key, @Nullable DType dtype) {
        int elementBytes() {
            return dtype == null ? 1 : dtype.blockBytes();
        }
    }

    /**
     * A tensor as it lies in its storage.
     *
     * @param offset in elements
     * @param strides in elements, one per dimension
     */
    record View(Storage storage, DType dtype, long offset, long[] shape, long[] strides) {}

    private final Path file;
    private final Map<String, Storage> storages = new HashMap<>();

    TorchMachine(Path file) {
        this.file = file;
    }

    private static Map.Entry<Global, DType> storage(String name, DType dtype) {
        return Map.entry(new Global("torch", name), dtype);
    }

    Map<String, Storage> storages() {
        return storages;
    }

    @Override
    public void check(Global global) throws ModelFormatException {
        if (!FUNCTIONS.contains(global) && !STORAGES.containsKey(global) && !DTYPES.containsKey(global)) {
            throw broken(
                    "only the names that tensors need (such as " + REBUILD_V2 + ")",
                    "'" + global + "', which was not run; if you trust the file, load it in Python and save its"
                            + " state_dict as safetensors");
        }
    }

    @Override
    public Object call(Global function, List<Object> arguments) throws ModelFormatException {
        if (function.equals(ORDERED_DICT)) {
            return arguments.isEmpty() ? new LinkedHashMap<>() : orderedDict(arguments.getFirst());
        }
        if (function.equals(SIZE) && arguments.size() == 1) {
            return arguments.getFirst();
        }
        if (function.equals(PARAMETER) || function.equals(PARAMETER_WITH_STATE)) {
            if (!arguments.isEmpty() && arguments.getFirst() instanceof View view) {
                return view;
            }
        } else if (function.equals(REBUILD) || function.equals(REBUILD_V2)) {
            return view(arguments, null);
        } else if (function.equals(REBUILD_V3) && arguments.size() >= 7) {
            return view(arguments, arguments.get(6));
        }
        throw broken("arguments that " + function + " takes", arguments.size() + " others");
    }

    /** From a list of pairs, as the oldest pickles have it. */
    private Map<Object, Object> orderedDict(Object pairs) throws ModelFormatException {
        Map<Object, Object> dict = new LinkedHashMap<>();
        for (Object pair : pairs instanceof List<?> list ? list : List.of(pairs)) {
            List<?> items =
                    pair instanceof Tuple tuple ? tuple.items() : pair instanceof List<?> list ? list : List.of();
            if (items.size() != 2 || !(items.getFirst() instanceof String key)) {
                throw broken("pairs of a name and a value", Unpickler.describe(pair));
            }
            dict.put(key, items.getLast());
        }
        return dict;
    }

    private View view(List<Object> arguments, @Nullable Object dtype) throws ModelFormatException {
        if (arguments.size() < 4 || !(arguments.getFirst() instanceof Storage storage)) {
            throw broken("a storage, an offset, a size and strides for a tensor", arguments.size() + " arguments");
        }
        long offset = integer(arguments.get(1));
        long[] shape = integers(arguments.get(2));
        long[] strides = integers(arguments.get(3));
        DType type = dtype == null
                ? storage.dtype()
                : Optional.of(dtype)
                        .filter(Global.class::isInstance)
                        .map(DTYPES::get)
                        .orElse(null);
        if (type == null) {
            throw broken("the type of a tensor's elements", dtype == null ? "none" : Unpickler.describe(dtype));
        }
        if (shape.length != strides.length || shape.length > 16) {
            throw broken("as many strides as dimensions, at most 16", shape.length + " and " + strides.length);
        }
        return new View(storage, type, offset, shape, strides);
    }

    @Override
    public Object persistent(Object id) throws ModelFormatException {
        List<Object> parts = id instanceof Tuple tuple ? tuple.items() : List.of();
        if (parts.size() < 5
                || !parts.getFirst().equals("storage")
                || !(parts.get(1) instanceof Global type)
                || !(parts.get(2) instanceof String key)) {
            throw broken("a reference to a storage", Unpickler.describe(id));
        }
        if (parts.size() > 5 && parts.get(5) != Nothing.NONE) {
            throw broken(
                    "a storage of its own", "a view of another storage; save the model again with a newer PyTorch");
        }
        DType dtype = STORAGES.get(type);
        if (dtype == null && !type.equals(UNTYPED)) {
            throw broken("a type of storage", type.toString());
        }
        Storage storage = new Storage(key, dtype);
        Storage known = storages.putIfAbsent(key, storage);
        if (known != null && known.elementBytes() != storage.elementBytes()) {
            throw broken("one type for storage '" + key + "'", known.dtype() + " and " + dtype);
        }
        return storage;
    }

    /** Attributes of dicts and parameters, such as {@code _metadata}, say nothing about numbers. */
    @Override
    public void setState(Object object, Object state) throws ModelFormatException {
        if (!(object instanceof Map<?, ?> || object instanceof View)) {
            throw broken("attributes of a dict or a tensor", "those of " + Unpickler.describe(object));
        }
    }

    private long[] integers(Object value) throws ModelFormatException {
        List<?> items = value instanceof Tuple tuple ? tuple.items() : value instanceof List<?> list ? list : null;
        if (items == null) {
            throw broken("a tuple of numbers", Unpickler.describe(value));
        }
        long[] numbers = new long[items.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = integer(items.get(i));
        }
        return numbers;
    }

    private long integer(Object value) throws ModelFormatException {
        if (value instanceof Long number && number >= 0) {
            return number;
        }
        throw broken("a number that is not negative", Unpickler.describe(value));
    }

    private ModelFormatException broken(String expected, String found) {
        return new ModelFormatException(file + ": expected " + expected + ", found " + found);
    }
}
