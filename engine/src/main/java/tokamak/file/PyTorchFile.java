package tokamak.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tokamak.file.Unpickler.Nothing;
import tokamak.tensor.Tensor;

/**
 * A state dict as {@code torch.save} writes it: since PyTorch 1.6 a zip archive of one pickle and the storages it names,
 * before that four pickles and the storages one after another. Tensors are views of the mapping; those whose elements do not
 * follow one another are copied.
 *
 * <p>Source: PyTorch's {@code torch/serialization.py} and {@code torch/_utils.py}.
 */
final class PyTorchFile {
    private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long LEGACY_PROTOCOL = 1001;
    private static final long MAX_PICKLE_BYTES = 256L << 20;
    private static final String PICKLE = "data.pkl";
    /** Where a training script may have put the weights. */
    private static final List<String> WRAPPERS = List.of("state_dict", "model_state_dict", "model", "module");

    private final Path file;
    private final MemorySegment mapped;
    private final TensorTable table;

    private PyTorchFile(Path file, MemorySegment mapped, TensorTable table) {
        this.file = file;
        this.mapped = mapped;
        this.table = table;
    }

    /** The tensors of a state dict by name; those that need a copy are put into the table's memory. */
    static List<Tensor> read(Path file, MemorySegment mapped, TensorTable table) throws ModelFormatException {
        PyTorchFile reader = new PyTorchFile(file, mapped, table);
        return ZipDirectory.isZip(mapped) ? reader.readZip() : reader.readLegacy();
    }

    private List<Tensor> readZip() throws ModelFormatException {
        Map<String, MemorySegment> entries = ZipDirectory.entries(file, mapped);
        String pickle = entries.keySet().stream()
                .filter(name -> name.equals(PICKLE) || name.endsWith("/" + PICKLE))
                .findFirst()
                .orElseThrow(() -> new ModelFormatException(file + ": expected an archive that torch.save wrote, found "
                        + entries.size() + " entries but no " + PICKLE));
        String folder = pickle.substring(0, pickle.length() - PICKLE.length());
        MemorySegment order = entries.get(folder + "byteorder");
        if (order != null && order.byteSize() > 0 && order.get(ValueLayout.JAVA_BYTE, 0) == 'b') {
            throw new ModelFormatException(file + ": expected little-endian numbers, found big-endian ones;"
                    + " save the model again on a little-endian machine");
        }
        Map<String, MemorySegment> storages = new HashMap<>();
        entries.forEach((name, content) -> {
            if (name.startsWith(folder + "data/")) {
                storages.put(name.substring(folder.length() + "data/".length()), content);
            }
        });
        MemorySegment program = entries.get(pickle);
        Object root = unpickle(pickle, cursor(program));
        return tensors(root, storages);
    }

    private List<Tensor> readLegacy() throws ModelFormatException {
        ByteCursor in = cursor(mapped);
        Object magic = startsLikePickle() ? unpickle("the first pickle", in) : Nothing.NONE;
        if (!magic.equals(LEGACY_MAGIC)) {
            throw new ModelFormatException(file
                    + ": expected a file that torch.save wrote (a zip archive, or PyTorch's older form), found neither;"
                    + " the file may be damaged, or of another kind");
        }
        Object protocol = unpickle("the protocol", in);
        if (!protocol.equals(LEGACY_PROTOCOL)) {
            throw in.broken("protocol " + LEGACY_PROTOCOL, Unpickler.describe(protocol));
        }
        Object system = unpickle("the system's description", in);
        if (system instanceof Map<?, ?> map && Boolean.FALSE.equals(map.get("little_endian"))) {
            throw in.broken("little-endian numbers", "big-endian ones");
        }
        TorchMachine machine = new TorchMachine(file);
        in.reading("the state dict");
        Object root = Unpickler.read(in, machine);
        return tensors(root, legacyStorages(in, machine.storages()));
    }

    private boolean startsLikePickle() {
        return mapped.byteSize() > 2 && (mapped.get(ValueLayout.JAVA_BYTE, 0) & 0xFF) == 0x80;
    }

    /** After the pickles: the keys in order, then for each the number of elements and the elements. */
    private Map<String, MemorySegment> legacyStorages(ByteCursor in, Map<String, TorchMachine.Storage> known)
            throws ModelFormatException {
        Object keys = unpickle("the keys of the storages", in);
        if (!(keys instanceof List<?> list)) {
            throw in.broken("a list of keys", Unpickler.describe(keys));
        }
        Map<String, MemorySegment> storages = new HashMap<>();
        for (Object key : list) {
            TorchMachine.Storage storage = key instanceof String name ? known.get(name) : null;
            if (storage == null) {
                throw in.broken("the key of a storage that a tensor uses", Unpickler.describe(key));
            }
            in.reading("storage '" + storage.key() + "'");
            long count = in.readCount("elements", storage.elementBytes(), Integer.MAX_VALUE);
            storages.put(storage.key(), in.view(count * storage.elementBytes()));
        }
        return storages;
    }

    private ByteCursor cursor(MemorySegment bytes) {
        return new ByteCursor(file, bytes, "the file may be cut short");
    }

    private Object unpickle(String what, ByteCursor in) throws ModelFormatException {
        in.reading(what);
        if (ZipDirectory.isZip(mapped) && in.remaining() > MAX_PICKLE_BYTES) {
            throw in.broken("at most " + MAX_PICKLE_BYTES + " bytes", in.remaining() + "");
        }
        return Unpickler.read(in, new TorchMachine(file));
    }

    private List<Tensor> tensors(Object root, Map<String, MemorySegment> storages) throws ModelFormatException {
        Map<String, TorchMachine.View> views = named(root);
        List<Tensor> tensors = new ArrayList<>(views.size());
        long copied = 0;
        for (Map.Entry<String, TorchMachine.View> entry : views.entrySet()) {
            StridedTensor tensor = new StridedTensor(file, entry.getKey(), entry.getValue());
            tensors.add(tensor.in(storages, table));
            // A storage may be shared by any number of tensors, but not so that copies outgrow the file.
            copied = tensor.addCopiedBytes(copied, mapped.byteSize());
        }
        return tensors;
    }

    /** The tensors of the state dict, or of the one inside of what a training script saved. */
    private Map<String, TorchMachine.View> named(Object root) throws ModelFormatException {
        Map<String, TorchMachine.View> views = viewsOf(root);
        if (views.isEmpty() && root instanceof Map<?, ?> map) {
            for (String wrapper : WRAPPERS) {
                if (views.isEmpty() && map.containsKey(wrapper)) {
                    views = viewsOf(map.get(wrapper));
                }
            }
        }
        if (views.isEmpty()) {
            throw new ModelFormatException(file + ": expected a dict of tensors by name (a state dict), found "
                    + Unpickler.describe(root) + " without tensors");
        }
        return views;
    }

    private Map<String, TorchMachine.View> viewsOf(Object value) throws ModelFormatException {
        Map<String, TorchMachine.View> views = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (entry.getKey() instanceof String name && entry.getValue() instanceof TorchMachine.View view) {
                    if (name.length() > TensorEntry.MAX_NAME_LENGTH) {
                        throw new ModelFormatException(file + ": expected names of at most "
                                + TensorEntry.MAX_NAME_LENGTH + " characters, found one of " + name.length());
                    }
                    views.put(name, view);
                }
            }
        }
        return views;
    }
}
