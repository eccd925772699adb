package tokamak.server.openai;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import tools.jackson.databind.node.ObjectNode;

/**
 * Responses that can be asked for again and continued. Bounded in number and bytes: those that nobody has used for longest
 * go first, except those in the making. Threads may share it.
 */
final class ResponseStore {
    /** Whoever cancels a response waits so long for its end; it comes with the next step. */
    private static final Duration CANCEL_WAIT = Duration.ofSeconds(10);

    private final int maxResponses;
    private final long maxBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, Stored> byId = new LinkedHashMap<>(16, 0.75f, true);
    private long numBytes;

    ResponseStore(int maxResponses, long maxBytes) {
        this.maxResponses = maxResponses;
        this.maxBytes = maxBytes;
    }

    /** A response and what led to it. */
    private static final class Stored {
        private final String owner;
        private final List<ObjectNode> input;
        private final List<ObjectNode> conversation;
        /** Does nothing once the response is done: what it was made with need not be kept. */
        private volatile Runnable canceller;

        private final CountDownLatch end = new CountDownLatch(1);
        private volatile ObjectNode response;
        private long bytes;

        Stored(
                String owner,
                List<ObjectNode> input,
                List<ObjectNode> conversation,
                ObjectNode response,
                Runnable canceller) {
            this.owner = owner;
            this.input = input;
            this.conversation = conversation;
            this.response = response;
            this.canceller = canceller;
        }

        boolean isDone() {
            return end.getCount() == 0;
        }
    }

    /**
     * Keeps a response that is in the making.
     *
     * @param input the items of its request alone
     * @param conversation the items before, and these
     * @param canceller may be called by any thread
     */
    void add(
            String id,
            String owner,
            List<ObjectNode> input,
            List<ObjectNode> conversation,
            ObjectNode response,
            Runnable canceller) {
        Stored stored = new Stored(owner, input, conversation, response, canceller);
        lock.lock();
        try {
            byId.put(id, stored);
        } finally {
            lock.unlock();
        }
    }

    /** The response is complete, as far as it will be. */
    void finish(String id, ObjectNode response) {
        lock.lock();
        try {
            Stored stored = byId.get(id);
            if (stored == null) {
                return;
            }
            stored.response = response;
            stored.canceller = () -> {};
            // Items that responses share are counted for each of them: that errs on the safe side.
            stored.bytes = bytes(response)
                    + stored.conversation.stream()
                            .mapToLong(ResponseStore::bytes)
                            .sum();
            numBytes += stored.bytes;
            stored.end.countDown();
            dropOldest();
        } finally {
            lock.unlock();
        }
    }

    private static long bytes(ObjectNode node) {
        return Json.bytes(node).length;
    }

    private void dropOldest() {
        Iterator<Stored> oldest = byId.values().iterator();
        while ((byId.size() > maxResponses || numBytes > maxBytes) && oldest.hasNext()) {
            Stored stored = oldest.next();
            if (stored.isDone()) {
                oldest.remove();
                numBytes -= stored.bytes;
            }
        }
    }

    /** Forgets a response that came to nothing. */
    void remove(String id) {
        lock.lock();
        try {
            Stored stored = byId.remove(id);
            if (stored != null) {
                numBytes -= stored.bytes;
                stored.end.countDown();
            }
        } finally {
            lock.unlock();
        }
    }

    ObjectNode response(String id, String owner) {
        return find(id, owner).response;
    }

    /** The items that the request for a response brought. */
    List<ObjectNode> input(String id, String owner) {
        return find(id, owner).input;
    }

    /** The items of the conversation up to a response and with it. */
    List<ObjectNode> conversation(String id, String owner) {
        Stored stored;
        try {
            stored = find(id, owner);
        } catch (ApiException e) {
            throw e.named("previous_response_id");
        }
        if (!stored.isDone()) {
            throw ApiException.invalid(
                    "previous_response_id", "the response '" + id + "' is not complete yet and can't be continued");
        }
        List<ObjectNode> items = new ArrayList<>(stored.conversation);
        stored.response.get("output").values().forEach(item -> items.add((ObjectNode) item));
        return items;
    }

    /** Ends a response that is in the making, and gives what it has become. */
    ObjectNode cancel(String id, String owner) {
        Stored stored = find(id, owner);
        stored.canceller.run();
        try {
            stored.end.await(CANCEL_WAIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return stored.response;
    }

    /** Cancels and forgets. */
    void delete(String id, String owner) {
        find(id, owner).canceller.run();
        remove(id);
    }

    /** Responses of others are not there. */
    private Stored find(String id, String owner) {
        lock.lock();
        try {
            return Optional.ofNullable(byId.get(id))
                    .filter(stored -> stored.owner.equals(owner))
                    .orElseThrow(() -> new ApiException(
                            404,
                            "invalid_request_error",
                            "response_id",
                            "response_not_found",
                            Optional.empty(),
                            "there is no response '" + id + "' here (any more); responses are kept for a while only"));
        } finally {
            lock.unlock();
        }
    }
}
