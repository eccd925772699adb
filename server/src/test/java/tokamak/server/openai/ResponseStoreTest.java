package tokamak.server.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class ResponseStoreTest {
    private static ObjectNode response(String text) {
        ObjectNode response = Json.object();
        response.putArray("output").addObject().put("text", text);
        return response;
    }

    private static void keep(ResponseStore store, String id, String text) {
        store.add(id, "me", List.of(), List.of(), response(""), () -> {});
        store.finish(id, response(text));
    }

    private static boolean has(ResponseStore store, String id) {
        try {
            store.response(id, "me");
            return true;
        } catch (ApiException e) {
            assertThat(e.status()).isEqualTo(404);
            return false;
        }
    }

    @Test
    void whatNobodyHasUsedForLongestGoesFirst() {
        ResponseStore store = new ResponseStore(3, 1 << 20);
        for (String id : List.of("a", "b", "c")) {
            keep(store, id, "x");
        }
        assertThat(has(store, "a")).isTrue();
        keep(store, "d", "x");
        assertThat(List.of("a", "b", "c", "d")).filteredOn(id -> has(store, id)).containsExactly("a", "c", "d");
    }

    @Test
    void bytesAreBoundedToo() {
        ResponseStore store = new ResponseStore(1000, 1000);
        for (int i = 0; i < 100; i++) {
            keep(store, "r" + i, "x".repeat(200));
        }
        assertThat(List.of("r99", "r98", "r97")).allMatch(id -> has(store, id));
        assertThat(has(store, "r94")).isFalse();
        keep(store, "huge", "x".repeat(2000));
        assertThat(has(store, "huge")).isFalse();
        keep(store, "after", "x");
        assertThat(has(store, "after")).isTrue();
    }

    @Test
    void whatIsInTheMakingStaysAndCanNotBeContinued() {
        ResponseStore store = new ResponseStore(1, 1000);
        store.add("open", "me", List.of(), List.of(), response(""), () -> {});
        keep(store, "done", "x");
        assertThat(has(store, "open")).isTrue();
        assertThat(has(store, "done")).isFalse();
        assertThatThrownBy(() -> store.conversation("open", "me")).hasMessageContaining("not complete");
        store.finish("open", response("x"));
        assertThat(store.conversation("open", "me")).hasSize(1);
        assertThatThrownBy(() -> store.response("open", "you")).isInstanceOf(ApiException.class);
    }
}
