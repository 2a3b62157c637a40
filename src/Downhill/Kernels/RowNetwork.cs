using System.Numerics;

namespace Downhill.Kernels;

/// <summary>
/// A network with its weights, compiled for single rows. Nothing in it changes, so any number of threads may use it at once.
/// </summary>
internal abstract unsafe class RowNetwork<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Whether a network is made of layers that are known here; a user's own layer is not.</summary>
    public static bool CanCompile(NetworkSpec spec) => spec.Layers.All(l => l is Dense or BatchNorm or Dropout);

    /// <summary>Numbers of scratch that a call needs.</summary>
    public abstract int ScratchLength { get; }

    /// <summary>y [outputs] = the network's outputs for x [inputs].</summary>
    /// <param name="x">[inputs].</param>
    /// <param name="y">[outputs].</param>
    /// <param name="scratch">[<see cref="ScratchLength"/>], overlapping neither.</param>
    public abstract void Predict(T* x, T* y, T* scratch);
}

/// <summary>
/// A matrix–vector product per layer. Weights are copied into panels of a few vectors' width that lie in the order in which
/// they are read, padded with zeros, so that a layer is one stream without masks.
/// </summary>
/// <remarks>
/// Each output is four chains of multiply-adds, over k, k + 1, k + 2, k + 3 for k = 0, 4, 8 …, added at the end: the
/// same bits at every width, within rounding those of a batch, whose chain is one. One chain would wait for its own result four cycles
/// per input: 13-64-64-3 took twice as long.
/// </remarks>
internal sealed unsafe class RowNetwork<S, V, T> : RowNetwork<T>
    where S : struct, ISimd<V, T>
    where V : struct
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly RowLayer[] layers;
    private readonly AlignedBuffer<T> memory;
    private readonly int widest, outputs;

    private struct RowLayer
    {
        public int Inputs, Outputs, Vectors, Activated; // whole vectors where the activation is element-wise
        public ActivationKernel<T>? Activation; // null for the identity
        public T* Panels, Start; // a dense layer's W and b; a normalisation's factors and (at Start) means, then shifts
        public bool IsDense;
    }

    internal RowNetwork(NetworkSpec spec, ReadOnlySpan<T> parameters, ReadOnlySpan<T> buffers, Kernels<T> kernels)
    {
        outputs = spec.Outputs;
        int[] inputs = [.. spec.Layers.Select((_, i) => spec.InputsOf(i))];
        int[] units = [.. spec.Layers.Select((l, i) => l.Outputs(inputs[i]))];
        int[] rounded = [.. units.Select(u => (u + S.Count - 1) / S.Count * S.Count)];
        widest = rounded.Max();
        memory = new(checked(spec.Layers.Select((l, i) => l is Dense ? (inputs[i] + 1) * rounded[i] : l is BatchNorm ? 3 * rounded[i] : 0).Sum()));
        List<RowLayer> bound = [];
        T* at = memory.Pointer;
        int buffer = 0;
        for (int i = 0; i < spec.Layers.Count; i++)
        {
            int[] offsets = [.. spec.Segments.Where(s => s.Layer == i).Select(s => s.Offset)];
            RowLayer layer = new() { Inputs = inputs[i], Outputs = units[i], Vectors = rounded[i] / S.Count, Activated = rounded[i], Start = at };
            if (spec.Layers[i] is Dense dense)
            {
                layer.IsDense = true;
                layer.Activation = Bind(dense.Activation);
                if (!dense.Activation.IsElementwise) layer.Activated = units[i];
                if (dense.HasBias) parameters.Slice(offsets[1], units[i]).CopyTo(new Span<T>(at, units[i]));
                layer.Panels = at + rounded[i];
                Pack(Weights(dense, inputs[i], parameters[offsets[0]..]), inputs[i], units[i], layer.Panels);
                at = layer.Panels + inputs[i] * rounded[i];
            }
            else if (spec.Layers[i] is BatchNorm norm)
            {
                layer.Activation = Bind(norm.Activation);
                layer.Panels = at + 2 * rounded[i];
                for (int f = 0; f < units[i]; f++)
                {
                    T inverse = T.One / T.Sqrt(buffers[buffer + units[i] + f] + T.CreateTruncating(norm.Epsilon));
                    (at[f], at[rounded[i] + f]) = (buffers[buffer + f], parameters[offsets[1] + f]);
                    layer.Panels[f] = parameters[offsets[0] + f] * inverse;
                }
                at += 3 * rounded[i];
            }
            else
            {
                continue; // dropout: nothing is dropped in prediction
            }
            buffer += spec.Layers[i].BufferLength(inputs[i]);
            bound.Add(layer);
        }
        layers = [.. bound];

        ActivationKernel<T>? Bind(Activation activation) => activation.Name == "identity" ? null : activation.Bind(kernels);
    }

    // Four vectors of four chains fill half of the registers of 512 bits; narrower witnesses have half as many.
    private static int PanelVectors => S.Count * sizeof(float) > 32 ? 4 : 2;

    public override int ScratchLength => 2 * widest;

    public override void Predict(T* x, T* y, T* scratch)
    {
        T* from = x, to = scratch;
        for (int i = 0; i < layers.Length; i++)
        {
            ref readonly RowLayer layer = ref layers[i];
            if (layer.IsDense) Fields(layer, from, to);
            else Normalise(layer, from, to);
            layer.Activation?.Forward(to, to, 1, layer.Activated);
            from = to;
            to = from == scratch ? scratch + widest : scratch;
        }
        new Span<T>(from, outputs).CopyTo(new Span<T>(y, outputs));
    }

    private static void Fields(in RowLayer layer, T* x, T* z)
    {
        int inputs = layer.Inputs;
        T* w = layer.Panels, b = layer.Start;
        for (int v = 0; v < layer.Vectors;)
        {
            int vectors = Width(layer.Vectors - v);
            if (vectors == 4) Panel4(x, w, b, z, inputs);
            else if (vectors == 2) Panel2(x, w, b, z, inputs);
            else Panel1(x, w, b, z, inputs);
            v += vectors;
            w += (nint)vectors * S.Count * inputs;
            b += vectors * S.Count;
            z += vectors * S.Count;
        }
    }

    /// <summary>Vectors of the next panel when so many are left.</summary>
    private static int Width(int left) => left >= 4 && PanelVectors == 4 ? 4 : left >= 2 ? 2 : 1;

    /// <summary>W [inputs, units] with the forward scale of each unit in it.</summary>
    private static ReadOnlySpan<T> Weights(Dense dense, int inputs, ReadOnlySpan<T> parameters)
    {
        ReadOnlySpan<T> weights = parameters[..(inputs * dense.Units)];
        if (dense.ForwardScale == ForwardScale.None) return weights;
        T[] scaled = weights.ToArray();
        for (int i = 0; i < scaled.Length; i++)
            scaled[i] *= T.CreateTruncating(dense.SumFactor(inputs, i % dense.Units));
        return scaled;
    }

    private static void Pack(ReadOnlySpan<T> w, int inputs, int units, T* panels)
    {
        int vectors = (units + S.Count - 1) / S.Count;
        for (int v = 0; v < vectors;)
        {
            int width = Width(vectors - v) * S.Count, first = v * S.Count, count = Math.Min(width, units - first);
            for (int i = 0; i < inputs; i++, panels += width) w.Slice(i * units + first, count).CopyTo(new Span<T>(panels, count));
            v += width / S.Count;
        }
    }

    private static void Normalise(in RowLayer layer, T* x, T* y)
    {
        T* mean = layer.Start, shift = mean + layer.Vectors * S.Count, factor = layer.Panels;
        int f = 0;
        for (; f <= layer.Outputs - S.Count; f += S.Count)
            S.Store(y + f, S.MulAdd(S.Sub(S.Load(x + f), S.Load(mean + f)), S.Load(factor + f), S.Load(shift + f)));
        for (; f < layer.Outputs; f++) y[f] = S.MulAddScalar(x[f] - mean[f], factor[f], shift[f]);
    }

    private static void Panel4(T* x, T* w, T* b, T* z, int inputs)
    {
        V zero = S.Set(0.0);
        V a0 = S.Load(b), a1 = S.Load(b + S.Count), a2 = S.Load(b + 2 * S.Count), a3 = S.Load(b + 3 * S.Count);
        V b0 = zero, b1 = zero, b2 = zero, b3 = zero, c0 = zero, c1 = zero, c2 = zero, c3 = zero, d0 = zero, d1 = zero, d2 = zero, d3 = zero;
        int i = 0;
        for (; i <= inputs - 4; i += 4, x += 4, w += 16 * S.Count)
        {
            V value = S.Set(x[0]);
            a0 = S.MulAdd(value, S.Load(w), a0);
            a1 = S.MulAdd(value, S.Load(w + S.Count), a1);
            a2 = S.MulAdd(value, S.Load(w + 2 * S.Count), a2);
            a3 = S.MulAdd(value, S.Load(w + 3 * S.Count), a3);
            value = S.Set(x[1]);
            b0 = S.MulAdd(value, S.Load(w + 4 * S.Count), b0);
            b1 = S.MulAdd(value, S.Load(w + 5 * S.Count), b1);
            b2 = S.MulAdd(value, S.Load(w + 6 * S.Count), b2);
            b3 = S.MulAdd(value, S.Load(w + 7 * S.Count), b3);
            value = S.Set(x[2]);
            c0 = S.MulAdd(value, S.Load(w + 8 * S.Count), c0);
            c1 = S.MulAdd(value, S.Load(w + 9 * S.Count), c1);
            c2 = S.MulAdd(value, S.Load(w + 10 * S.Count), c2);
            c3 = S.MulAdd(value, S.Load(w + 11 * S.Count), c3);
            value = S.Set(x[3]);
            d0 = S.MulAdd(value, S.Load(w + 12 * S.Count), d0);
            d1 = S.MulAdd(value, S.Load(w + 13 * S.Count), d1);
            d2 = S.MulAdd(value, S.Load(w + 14 * S.Count), d2);
            d3 = S.MulAdd(value, S.Load(w + 15 * S.Count), d3);
        }
        // Up to three more inputs go on with the first chains.
        if (i < inputs)
        {
            V value = S.Set(x[0]);
            a0 = S.MulAdd(value, S.Load(w), a0);
            a1 = S.MulAdd(value, S.Load(w + S.Count), a1);
            a2 = S.MulAdd(value, S.Load(w + 2 * S.Count), a2);
            a3 = S.MulAdd(value, S.Load(w + 3 * S.Count), a3);
        }
        if (i + 1 < inputs)
        {
            V value = S.Set(x[1]);
            b0 = S.MulAdd(value, S.Load(w + 4 * S.Count), b0);
            b1 = S.MulAdd(value, S.Load(w + 5 * S.Count), b1);
            b2 = S.MulAdd(value, S.Load(w + 6 * S.Count), b2);
            b3 = S.MulAdd(value, S.Load(w + 7 * S.Count), b3);
        }
        if (i + 2 < inputs)
        {
            V value = S.Set(x[2]);
            c0 = S.MulAdd(value, S.Load(w + 8 * S.Count), c0);
            c1 = S.MulAdd(value, S.Load(w + 9 * S.Count), c1);
            c2 = S.MulAdd(value, S.Load(w + 10 * S.Count), c2);
            c3 = S.MulAdd(value, S.Load(w + 11 * S.Count), c3);
        }
        S.Store(z, S.Add(S.Add(a0, b0), S.Add(c0, d0)));
        S.Store(z + S.Count, S.Add(S.Add(a1, b1), S.Add(c1, d1)));
        S.Store(z + 2 * S.Count, S.Add(S.Add(a2, b2), S.Add(c2, d2)));
        S.Store(z + 3 * S.Count, S.Add(S.Add(a3, b3), S.Add(c3, d3)));
    }

    private static void Panel2(T* x, T* w, T* b, T* z, int inputs)
    {
        V zero = S.Set(0.0);
        V a0 = S.Load(b), a1 = S.Load(b + S.Count), b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero;
        int i = 0;
        for (; i <= inputs - 4; i += 4, x += 4, w += 8 * S.Count)
        {
            V value = S.Set(x[0]);
            a0 = S.MulAdd(value, S.Load(w), a0);
            a1 = S.MulAdd(value, S.Load(w + S.Count), a1);
            value = S.Set(x[1]);
            b0 = S.MulAdd(value, S.Load(w + 2 * S.Count), b0);
            b1 = S.MulAdd(value, S.Load(w + 3 * S.Count), b1);
            value = S.Set(x[2]);
            c0 = S.MulAdd(value, S.Load(w + 4 * S.Count), c0);
            c1 = S.MulAdd(value, S.Load(w + 5 * S.Count), c1);
            value = S.Set(x[3]);
            d0 = S.MulAdd(value, S.Load(w + 6 * S.Count), d0);
            d1 = S.MulAdd(value, S.Load(w + 7 * S.Count), d1);
        }
        if (i < inputs)
        {
            a0 = S.MulAdd(S.Set(x[0]), S.Load(w), a0);
            a1 = S.MulAdd(S.Set(x[0]), S.Load(w + S.Count), a1);
        }
        if (i + 1 < inputs)
        {
            b0 = S.MulAdd(S.Set(x[1]), S.Load(w + 2 * S.Count), b0);
            b1 = S.MulAdd(S.Set(x[1]), S.Load(w + 3 * S.Count), b1);
        }
        if (i + 2 < inputs)
        {
            c0 = S.MulAdd(S.Set(x[2]), S.Load(w + 4 * S.Count), c0);
            c1 = S.MulAdd(S.Set(x[2]), S.Load(w + 5 * S.Count), c1);
        }
        S.Store(z, S.Add(S.Add(a0, b0), S.Add(c0, d0)));
        S.Store(z + S.Count, S.Add(S.Add(a1, b1), S.Add(c1, d1)));
    }

    private static void Panel1(T* x, T* w, T* b, T* z, int inputs)
    {
        V zero = S.Set(0.0);
        V a = S.Load(b), c1 = zero, c2 = zero, c3 = zero;
        int i = 0;
        for (; i <= inputs - 4; i += 4, x += 4, w += 4 * S.Count)
        {
            a = S.MulAdd(S.Set(x[0]), S.Load(w), a);
            c1 = S.MulAdd(S.Set(x[1]), S.Load(w + S.Count), c1);
            c2 = S.MulAdd(S.Set(x[2]), S.Load(w + 2 * S.Count), c2);
            c3 = S.MulAdd(S.Set(x[3]), S.Load(w + 3 * S.Count), c3);
        }
        if (i < inputs) a = S.MulAdd(S.Set(x[0]), S.Load(w), a);
        if (i + 1 < inputs) c1 = S.MulAdd(S.Set(x[1]), S.Load(w + S.Count), c1);
        if (i + 2 < inputs) c2 = S.MulAdd(S.Set(x[2]), S.Load(w + 2 * S.Count), c2);
        S.Store(z, S.Add(S.Add(a, c1), S.Add(c2, c3)));
    }
}
