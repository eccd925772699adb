package tokamak.bench;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What was computed and read: JMH shows both per second. */
@State(Scope.Thread)
@AuxCounters
public class Work {
    /** Thousands of millions of multiplications and additions. */
    public double gflop;

    /** Thousands of millions of bytes of weights, keys and values. */
    public double gbyte;

    @Setup(Level.Iteration)
    public void reset() {
        gflop = 0;
        gbyte = 0;
    }

    void add(double operations, double bytes) {
        gflop += operations * 1e-9;
        gbyte += bytes * 1e-9;
    }
}
