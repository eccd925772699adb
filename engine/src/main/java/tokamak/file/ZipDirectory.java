package tokamak.file;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import tokamak.tensor.LittleEndian;

/**
 * The entries of a zip archive as views of its mapping. Only entries that are stored as they are can be mapped; that is how
 * PyTorch writes. Checksums are not compared: that would read the whole file.
 *
 * <p>Source: PKWARE's APPNOTE, with the zip64 extensions.
 */
final class ZipDirectory {
    private static final int LOCAL_HEADER = 0x04034b50;
    private static final int CENTRAL_HEADER = 0x02014b50;
    private static final int END = 0x06054b50;
    private static final int ZIP64_LOCATOR = 0x07064b50;
    private static final int ZIP64_END = 0x06064b50;
    private static final int END_BYTES = 22;
    private static final int LOCATOR_BYTES = 20;
    private static final int LOCAL_BYTES = 30;
    private static final int CENTRAL_BYTES = 46;
    private static final int MAX_COMMENT_BYTES = 0xFFFF;
    private static final int ZIP64_EXTRA = 1;
    private static final long IN_ZIP64 = 0xFFFF_FFFFL;
    private static final int MAX_ENTRIES = 1_000_000;

    private final Path file;
    private final MemorySegment mapped;

    private ZipDirectory(Path file, MemorySegment mapped) {
        this.file = file;
        this.mapped = mapped;
    }

    static boolean isZip(MemorySegment mapped) {
        return mapped.byteSize() >= 4 && LittleEndian.i32(mapped, 0) == LOCAL_HEADER;
    }

    /** What every entry holds, by name, in the directory's order. */
    static Map<String, MemorySegment> entries(Path file, MemorySegment mapped) throws ModelFormatException {
        return new ZipDirectory(file, mapped).read();
    }

    private Map<String, MemorySegment> read() throws ModelFormatException {
        long end = findEnd();
        long count = LittleEndian.u16(mapped, end + 10);
        long size = u32(end + 12);
        long start = u32(end + 16);
        long locator = end - LOCATOR_BYTES;
        if (locator >= 0 && LittleEndian.i32(mapped, locator) == ZIP64_LOCATOR) {
            long zip64 = LittleEndian.i64(mapped, locator + 8);
            ByteCursor in = cursor("the end of the zip64 directory", zip64);
            if (in.readInt() != ZIP64_END) {
                throw in.broken("its signature", "something else");
            }
            in.view(28);
            count = in.readLong();
            size = in.readLong();
            start = in.readLong();
        }
        if (count < 0 || count > MAX_ENTRIES || size < 0 || start < 0 || count > size / CENTRAL_BYTES) {
            throw new ModelFormatException(file + ": expected a zip directory of at most " + MAX_ENTRIES
                    + " entries in its " + size + " bytes, found " + count);
        }
        ByteCursor in = cursor("the zip directory", start);
        Map<String, MemorySegment> entries = LinkedHashMap.newLinkedHashMap((int) count);
        for (long i = 0; i < count; i++) {
            readEntry(in, entries);
        }
        return entries;
    }

    private ByteCursor cursor(String what, long position) throws ModelFormatException {
        ByteCursor in = new ByteCursor(file, mapped, "the file may be cut short");
        in.reading(what);
        if (position < 0) {
            throw in.broken("an offset inside the file", Long.toString(position));
        }
        in.view(position);
        return in;
    }

    private long findEnd() throws ModelFormatException {
        long last = mapped.byteSize() - END_BYTES;
        for (long at = last; at >= Math.max(0, last - MAX_COMMENT_BYTES); at--) {
            if (LittleEndian.i32(mapped, at) == END) {
                return at;
            }
        }
        throw new ModelFormatException(
                file + ": expected a zip directory at the end, found none; the file may be cut short");
    }

    private long u32(long offset) {
        return LittleEndian.i32(mapped, offset) & 0xFFFF_FFFFL;
    }

    private void readEntry(ByteCursor in, Map<String, MemorySegment> entries) throws ModelFormatException {
        MemorySegment header = in.view(CENTRAL_BYTES);
        if (LittleEndian.i32(header, 0) != CENTRAL_HEADER) {
            throw in.broken("the signature of an entry", "0x" + Integer.toHexString(LittleEndian.i32(header, 0)));
        }
        String name = new String(in.readBytes(LittleEndian.u16(header, 28)), StandardCharsets.UTF_8);
        MemorySegment extra = in.view(LittleEndian.u16(header, 30));
        in.view(LittleEndian.u16(header, 32));
        long packedSize = LittleEndian.i32(header, 20) & IN_ZIP64;
        long size = LittleEndian.i32(header, 24) & IN_ZIP64;
        long offset = LittleEndian.i32(header, 42) & IN_ZIP64;
        Zip64 wide = new Zip64(extra);
        size = wide.widen(size);
        packedSize = wide.widen(packedSize);
        offset = wide.widen(offset);
        int method = LittleEndian.u16(header, 10);
        int encrypted = LittleEndian.u16(header, 8) & 1;
        if (method != 0 || encrypted != 0 || packedSize != size) {
            throw new ModelFormatException(file + ": entry '" + name + "': expected it stored as it is, found it "
                    + (encrypted != 0 ? "encrypted" : "compressed") + "; save the model again with torch.save");
        }
        if (entries.putIfAbsent(name, content(name, offset, size)) != null) {
            throw new ModelFormatException(file + ": expected every entry once, found '" + name + "' twice");
        }
    }

    private MemorySegment content(String name, long offset, long size) throws ModelFormatException {
        ByteCursor in = cursor("entry '" + name + "'", offset);
        MemorySegment local = in.view(LOCAL_BYTES);
        if (LittleEndian.i32(local, 0) != LOCAL_HEADER) {
            throw in.broken("its signature", "something else");
        }
        in.view(LittleEndian.u16(local, 26));
        in.view(LittleEndian.u16(local, 28));
        if (size < 0) {
            throw in.broken("a size", Long.toString(size));
        }
        return in.view(size);
    }

    /** The 64-bit numbers of an entry's extra field: only those that did not fit, in a fixed order. */
    private static final class Zip64 {
        private final MemorySegment numbers;
        private long at;

        Zip64(MemorySegment extra) {
            MemorySegment found = MemorySegment.NULL;
            for (long i = 0; i + 4 <= extra.byteSize(); ) {
                long length = Math.min(LittleEndian.u16(extra, i + 2), extra.byteSize() - i - 4);
                if (LittleEndian.u16(extra, i) == ZIP64_EXTRA) {
                    found = extra.asSlice(i + 4, length);
                }
                i += 4 + length;
            }
            numbers = found;
        }

        long widen(long number) {
            if (number != IN_ZIP64 || at + 8 > numbers.byteSize()) {
                return number;
            }
            at += 8;
            return LittleEndian.i64(numbers, at - 8);
        }
    }
}
