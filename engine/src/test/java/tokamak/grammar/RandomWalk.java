package tokamak.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A random text that an automaton allows. */
final class RandomWalk {
    private static final int SOFT_LIMIT = 60;
    private static final int HARD_LIMIT = 1_500;
    private static final String USUAL = "\"abcdeé日\\/n-_@:., 0123456789[]{}tfu\n";

    private final StateGraph graph;
    private final SplittableRandom random;

    RandomWalk(StateGraph graph, SplittableRandom random) {
        this.graph = graph;
        this.random = random;
    }

    /** Empty if no end was found in time. */
    String text() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        State state = graph.start();
        byte[] usual = USUAL.getBytes(StandardCharsets.UTF_8);
        while (out.size() < HARD_LIMIT) {
            if (state.accepting && (random.nextInt(4) == 0 || out.size() > SOFT_LIMIT)) {
                return out.toString(StandardCharsets.UTF_8);
            }
            graph.beginWork();
            int next = -1;
            String ends = out.size() > SOFT_LIMIT ? "}]\"" : "";
            for (int i = 0; i < ends.length() && next < 0; i++) {
                next = graph.stepByte(state, ends.charAt(i)) == State.DEAD ? -1 : ends.charAt(i);
            }
            for (int i = 0; i < 12 && next < 0; i++) {
                int candidate = usual[random.nextInt(usual.length)] & 0xff;
                next = graph.stepByte(state, candidate) == State.DEAD ? -1 : candidate;
            }
            next = next >= 0 ? next : anyOf(state);
            if (next < 0) {
                return state.accepting ? out.toString(StandardCharsets.UTF_8) : "";
            }
            state = graph.stepByte(state, next);
            out.write(next);
        }
        return "";
    }

    private int anyOf(State state) {
        List<Integer> allowed = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            if (graph.stepByte(state, b) != State.DEAD) {
                allowed.add(b);
            }
        }
        return allowed.isEmpty() ? -1 : allowed.get(random.nextInt(allowed.size()));
    }
}
