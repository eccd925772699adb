package tokamak.server.launch;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Rewrites one class file after the other. */
final class FreshClass {
    private static final ClassDesc SWITCHES = ClassDesc.of("java.lang.runtime.SwitchBootstraps");
    private static final int HELPER_FLAGS = ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_SYNTHETIC;

    private final ClassFile classFile;

    /** @param classFile knows what extends what; this is needed for the stack maps of old classes */
    FreshClass(ClassFile classFile) {
        this.classFile = classFile;
    }

    /** The same class for the JVM's purposes; the same bytes if there is nothing to do. */
    byte[] rewrite(byte[] bytes) {
        ClassModel model = classFile.parse(bytes);
        // From Java 6 on classes bring the stack maps by which they are verified.
        if (model.majorVersion() < ClassFile.JAVA_6_VERSION) {
            return renewed(model);
        }
        List<TypeSwitch> switches = new ArrayList<>();
        byte[] rewritten = classFile.transformClass(
                model,
                ClassTransform.transformingMethodBodies((code, element) -> replace(code, element, model, switches))
                        .andThen(ClassTransform.endHandler(builder -> switches.forEach(one -> one.addTo(builder)))));
        return switches.isEmpty() ? bytes : rewritten;
    }

    private byte[] renewed(ClassModel model) {
        ClassTransform version = (builder, element) -> {
            if (element instanceof ClassFileVersion) {
                builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
            } else {
                builder.with(element);
            }
        };
        // Only code that is written anew gets stack maps; by the version that the class had it would need none.
        return classFile
                .withOptions(ClassFile.StackMapsOption.GENERATE_STACK_MAPS)
                .transformClass(model, version.andThen(ClassTransform.transformingMethodBodies(CodeBuilder::with)));
    }

    private static void replace(CodeBuilder code, CodeElement element, ClassModel model, List<TypeSwitch> switches) {
        Optional<TypeSwitch> found = element instanceof InvokeDynamicInstruction call
                ? TypeSwitch.of(call, switches.size())
                : Optional.empty();
        if (found.isEmpty()) {
            code.with(element);
            return;
        }
        switches.add(found.get());
        boolean isInterface = model.flags().has(AccessFlag.INTERFACE);
        code.invokestatic(
                model.thisClass().asSymbol(), found.get().name(), found.get().type(), isInterface);
        // As long as the instruction before: places that annotations of local variables give stay right.
        code.nop().nop();
    }

    /**
     * What {@code SwitchBootstraps.typeSwitch} gives for labels that are classes, as a method: the first label from an index on that
     * the value is an instance of; -1 for null, the number of labels if there is none.
     */
    private record TypeSwitch(String name, MethodTypeDesc type, List<ClassDesc> labels) {
        static Optional<TypeSwitch> of(InvokeDynamicInstruction call, int index) {
            if (!call.bootstrapMethod().owner().equals(SWITCHES)
                    || !call.bootstrapMethod().methodName().equals("typeSwitch")) {
                return Optional.empty();
            }
            List<ClassDesc> labels = new ArrayList<>();
            for (ConstantDesc label : call.bootstrapArgs()) {
                // Strings, numbers and enum constants are compared in other ways.
                if (!(label instanceof ClassDesc type)
                        || type.isPrimitive()
                        || call.typeSymbol().parameterType(0).isPrimitive()) {
                    return Optional.empty();
                }
                labels.add(type);
            }
            return Optional.of(new TypeSwitch("freshTypeSwitch$" + index, call.typeSymbol(), labels));
        }

        void addTo(ClassBuilder builder) {
            builder.withMethodBody(name, type, HELPER_FLAGS, this::write);
        }

        private void write(CodeBuilder code) {
            Label notNull = code.newLabel();
            code.aload(0).ifnonnull(notNull).iconst_m1().ireturn().labelBinding(notNull);
            for (int i = 0; i < labels.size(); i++) {
                Label next = code.newLabel();
                code.iload(1).loadConstant(i).if_icmpgt(next);
                code.aload(0).instanceOf(labels.get(i)).ifeq(next);
                code.loadConstant(i).ireturn().labelBinding(next);
            }
            code.loadConstant(labels.size()).ireturn();
        }
    }
}
