package tokamak.file;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalLong;
import tokamak.tensor.DType;
import tokamak.tensor.Tensor;

/** A tensor that lies in a storage with strides: a view of it if its elements follow one another, otherwise a copy. */
final class StridedTensor {
    private final Path file;
    private final String name;
    private final TorchMachine.View view;
    private final long[] shape;
    private final int elementBytes;

    StridedTensor(Path file, String name, TorchMachine.View view) {
        this.file = file;
        this.name = name;
        this.view = view;
        this.shape = view.shape();
        this.elementBytes = view.dtype().blockBytes();
    }

    Tensor in(Map<String, MemorySegment> storages, TensorTable table) throws ModelFormatException {
        MemorySegment storage = storages.get(view.storage().key());
        if (storage == null) {
            throw broken("storage '" + view.storage().key() + "' in the file", "none");
        }
        OptionalLong bytes = TensorEntry.bytes(view.dtype(), shape);
        if (bytes.isEmpty()) {
            throw broken("a shape that makes sense", Arrays.toString(shape));
        }
        // More elements than the storage has would mean that some of them repeat: a few bytes could ask for any memory.
        if (bytes.getAsLong() > storage.byteSize()) {
            throw broken("at most the " + storage.byteSize() + " bytes of its storage", bytes.getAsLong() + "");
        }
        if (bytes.getAsLong() == 0) {
            return new Tensor(name, view.dtype(), shape, storage.asSlice(0, 0));
        }
        checkInside(storage);
        long begin = view.offset() * elementBytes;
        if (isContiguous()) {
            return new Tensor(name, view.dtype(), shape, storage.asSlice(begin, bytes.getAsLong()));
        }
        MemorySegment copy = table.allocate(bytes.getAsLong());
        copy(storage, begin, copy, 0, 0);
        return new Tensor(name, view.dtype(), shape, copy);
    }

    /** Adds what this tensor copies to {@code before}, within {@code limit}. */
    long addCopiedBytes(long before, long limit) throws ModelFormatException {
        OptionalLong bytes = TensorEntry.bytes(view.dtype(), shape);
        if (bytes.isEmpty() || isContiguous()) {
            return before;
        }
        if (bytes.getAsLong() > limit - before) {
            throw broken("copies of at most the file's " + limit + " bytes", "more than those");
        }
        return before + bytes.getAsLong();
    }

    private void checkInside(MemorySegment storage) throws ModelFormatException {
        long last = view.offset();
        try {
            for (int i = 0; i < shape.length; i++) {
                last = Math.addExact(last, Math.multiplyExact(shape[i] - 1, view.strides()[i]));
            }
            if (Math.multiplyExact(Math.addExact(last, 1), elementBytes) <= storage.byteSize()) {
                return;
            }
        } catch (ArithmeticException tooLarge) {
            // falls through to the same complaint
        }
        throw broken(
                "its elements inside the " + storage.byteSize() + " bytes of its storage",
                "offset " + view.offset() + " and strides " + Arrays.toString(view.strides()));
    }

    private boolean isContiguous() {
        long expected = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            if (shape[i] != 1 && view.strides()[i] != expected) {
                return false;
            }
            expected *= shape[i];
        }
        return true;
    }

    /** Copies dimension {@code axis} and those inside of it; returns where the next element goes. */
    private long copy(MemorySegment from, long source, MemorySegment to, long target, int axis) {
        long stride = view.strides()[axis] * elementBytes;
        long at = target;
        for (long i = 0; i < shape[axis]; i++) {
            if (axis + 1 < shape.length) {
                at = copy(from, source + i * stride, to, at, axis + 1);
            } else {
                MemorySegment.copy(from, source + i * stride, to, at, elementBytes);
                at += elementBytes;
            }
        }
        return at;
    }

    private ModelFormatException broken(String expected, String found) {
        DType dtype = view.dtype();
        return new ModelFormatException(file + ": tensor '" + name + "' " + dtype + Arrays.toString(shape)
                + ": expected " + expected + ", found " + found);
    }
}
