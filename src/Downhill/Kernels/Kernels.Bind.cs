using System.Numerics;

namespace Downhill.Kernels;

// How a value of a catalog meets the chosen width: the catalog's item knows its own type, the table knows S and V.

internal abstract partial class Kernels<T>
{
    public abstract ActivationKernel<T> BindActivation<A>(A activation) where A : struct, IActivation;
    public abstract ActivationKernel<T> BindSoftmax();
    public abstract LossKernel<T> BindLoss<L>(L loss) where L : struct, IElementLoss;
    public abstract LossKernel<T> BindSoftmaxCrossEntropy(double smoothing);
    public abstract RuleKernel<T> BindRule<R>() where R : struct, IUpdateRule;

    /// <summary>A small network compiled for training with batches of this size.</summary>
    public abstract LaneNetwork<T> BindLanes(NetworkSpec spec, Loss loss, Preparation preparation, int batch);

    /// <summary>A network with its weights compiled for single rows.</summary>
    public abstract RowNetwork<T> BindRow(NetworkSpec spec, ReadOnlySpan<T> parameters, ReadOnlySpan<T> buffers);
}

internal sealed partial class Kernels<S, V, T>
{
    public override ActivationKernel<T> BindActivation<A>(A activation) => new ElementwiseKernel<A, S, V, T>(activation);
    public override ActivationKernel<T> BindSoftmax() => new SoftmaxKernel<S, V, T>();
    public override LossKernel<T> BindLoss<L>(L loss) => new ElementLossKernel<L, S, V, T>(loss);
    public override LossKernel<T> BindSoftmaxCrossEntropy(double smoothing) => new SoftmaxCrossEntropyKernel<S, V, T>(smoothing);
    public override RuleKernel<T> BindRule<R>() => new RuleKernel<R, S, V, T>();
    public override LaneNetwork<T> BindLanes(NetworkSpec spec, Loss loss, Preparation preparation, int batch) =>
        new LaneNetwork<S, V, T>(spec, loss, preparation, batch, this);
    public override RowNetwork<T> BindRow(NetworkSpec spec, ReadOnlySpan<T> parameters, ReadOnlySpan<T> buffers) =>
        new RowNetwork<S, V, T>(spec, parameters, buffers, this);
}
