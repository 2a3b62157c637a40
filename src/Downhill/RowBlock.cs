using System.Numerics;
using Downhill.Kernels;

namespace Downhill;

/// <summary>
/// A first layer over the next few batches of one row each, whose weights are read and written once for all of them.
/// </summary>
/// <remarks>
/// A row changes W [I,O] by x·dᵀ, an outer product. Under a linear rule (<see cref="IUpdateRule.IsLinear"/>) W before
/// row t is therefore a sum of W and of the rule's slot V as they were before the block, and of the outer products that
/// have come since, and so are the fields:
/// <code>
/// W_t = ω·W + ν·V + Σ_j γ_j·x_j·d_jᵀ      x_t·W_t = ω·(x_t·W) + ν·(x_t·V) + Σ_j γ_j·(x_t·x_j)·d_j
/// </code>
/// The products of all rows with W, with V and with one another are ordinary matrix products, before the first step; so
/// is the sum at the end. The factors follow from the rule itself, which is asked to update them as if they were
/// parameters. The steps are those of the rule one after another, rounded differently.
/// </remarks>
internal sealed unsafe class RowBlock<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Most rows.</summary>
    public const int MostRows = 32;

    // Fewer are not worth the products with V and the walk over W at the end.
    private const int FewestRows = 8;

    // W and V in the cache of a core's first level are updated as fast row by row.
    private const int FewestWeights = 32 * 1024;

    private readonly Kernels<T> kernels;
    private readonly RuleKernel<double> rule;
    private readonly int inputs, outputs;
    private readonly T* w, v; // v: null where the rule has no slot
    private readonly AlignedBuffer<T> memory;
    private readonly T* fieldsOfW, fieldsOfV, products, terms, scaled, factors;

    // How much of W, of V and of each x·dᵀ is in the present W, V and gradient.
    private readonly AlignedBuffer<double> ofW = new(2 + MostRows), ofV = new(2 + MostRows),
        ofGradient = new(2 + MostRows);

    private T* x;

    private RowBlock(Kernels<T> kernels, RuleKernel<double> rule, int inputs, int outputs, T* w, T* v)
    {
        (this.kernels, this.rule, this.inputs, this.outputs) = (kernels, rule, inputs, outputs);
        this.w = w;
        this.v = v;
        int fields = MostRows * outputs;
        memory = new(4 * fields + 2 * outputs + MostRows * MostRows + MostRows + 2);
        fieldsOfW = memory.Pointer;
        fieldsOfV = fieldsOfW + fields;
        scaled = fieldsOfV + fields;
        terms = scaled + fields; // the row's fields of W and of V, then the d of the rows before it
        products = terms + fields + 2 * outputs;
        factors = products + MostRows * MostRows;
    }

    /// <summary>The block for a network's first layer, or null where rows are as fast one by one or the rule is not
    /// linear.</summary>
    /// <param name="options">How it is trained.</param>
    /// <param name="inputs">I.</param>
    /// <param name="outputs">O.</param>
    /// <param name="w">W [inputs, outputs].</param>
    /// <param name="slot">What the rule remembers of it; null for nothing.</param>
    public static RowBlock<T>? For(TrainOptions options, int inputs, int outputs, T* w, T* slot)
    {
        bool isLinear = options.Optimizer is { IsLinear: true, Slots: <= 1 } && options.L1 == 0
            && !options.Schedules.Any(s => s.Drives("l1"));
        if (!isLinear || (long)inputs * outputs < FewestWeights) return null;
        return new(Kernels<T>.For(options.Arithmetic),
            options.Optimizer.Bind(Kernels<double>.For(options.Arithmetic))!, inputs, outputs, w, slot);
    }

    /// <summary>Whether W and V are those before the block, not the present ones.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Its rows.</summary>
    public int Rows { get; private set; }

    /// <summary>The next of them.</summary>
    public int Row { get; private set; }

    /// <summary>How many steps from a place in the epoch end where a block does, at least <paramref
    /// name="steps"/>.</summary>
    public static int WholeBlocks(int position, int steps)
    {
        int beyond = (position + steps) % MostRows;
        return beyond == 0 ? steps : steps + MostRows - beyond;
    }

    /// <summary>How many rows the block from a place in the epoch has, 0 where rows are as fast one by one. Blocks end
    /// at multiples of their size, so that runs which are looked at at other times take the same blocks.</summary>
    /// <param name="position">Place of the first row.</param>
    /// <param name="steps">Steps that are certain.</param>
    public static int RowsFrom(int position, int steps)
    {
        int rows = Math.Min(MostRows - position % MostRows, steps);
        return rows < FewestRows ? 0 : rows;
    }

    /// <summary>Products of the rows with W, V and one another.</summary>
    /// <param name="x">X [rows, inputs]; must stay as it is until the end.</param>
    /// <param name="rows">Rows, at most <see cref="MostRows"/>.</param>
    public void Begin(T* x, int rows)
    {
        this.x = x;
        (Rows, Row, IsOpen) = (rows, 0, true);
        kernels.Forward(x, inputs, w, outputs, null, fieldsOfW, outputs, rows, inputs, outputs);
        if (v != null) kernels.Forward(x, inputs, v, outputs, null, fieldsOfV, outputs, rows, inputs, outputs);
        kernels.InputGradient(x, inputs, x, inputs, products, MostRows, rows, rows, inputs);
        new Span<T>(terms, 2 * outputs).Clear();
        ofW.Span.Clear();
        ofV.Span.Clear();
        ofW.Span[0] = ofV.Span[1] = 1;
    }

    /// <summary>z [outputs] = x·W + b (null: none) of the next row.</summary>
    public void Forward(T* b, T* z)
    {
        Copy(fieldsOfW + (long)Row * outputs, terms);
        if (v != null) Copy(fieldsOfV + (long)Row * outputs, terms + outputs);
        (factors[0], factors[1]) = (Factor(ofW, 0), Factor(ofW, 1));
        for (int j = 0; j < Row; j++) factors[2 + j] = Factor(ofW, 2 + j) * products[Row * MostRows + j];
        kernels.Forward(factors, 2 + Row, terms, outputs, b, z, outputs, 1, 2 + Row, outputs);
    }

    /// <summary>The row's step.</summary>
    /// <param name="d">∂C/∂z [outputs].</param>
    /// <param name="constants">Of the rule, for this step.</param>
    /// <param name="terms">Rate and penalties.</param>
    public void Update(T* d, ReadOnlySpan<double> constants, in UpdateTerms terms)
    {
        Copy(d, Slope(Row));
        ofGradient.Span.Clear();
        ofGradient.Span[2 + Row] = 1;
        double** slots = stackalloc double*[3] { ofV.Pointer, null, null };
        rule.Update(ofW.Pointer, ofGradient.Pointer, slots, 3 + Row, constants, terms);
        Row++;
    }

    /// <summary>W and V become those after the rows whose step was taken.</summary>
    public void End()
    {
        IsOpen = false;
        if (Row == 0) return;
        if (v != null)
            kernels.Mix(w, v, Factor(ofW, 0), Factor(ofW, 1), Factor(ofV, 0), Factor(ofV, 1), (nint)inputs * outputs);
        else if (ofW.Span[0] != 1) kernels.Scale(w, Factor(ofW, 0), (nint)inputs * outputs);
        AddProducts(ofW, w);
        if (v != null) AddProducts(ofV, v);
    }

    private void AddProducts(AlignedBuffer<double> factors, T* target)
    {
        kernels.Fill(scaled, T.Zero, (nint)Row * outputs);
        for (int j = 0; j < Row; j++)
            kernels.Axpy(scaled + (long)j * outputs, Factor(factors, 2 + j), Slope(j), outputs);
        kernels.WeightGradient(
            x, inputs, scaled, outputs, target, outputs, Row, inputs, outputs, accumulate: true);
    }

    private T* Slope(int row) => terms + (2L + row) * outputs;

    private void Copy(T* from, T* to) => new ReadOnlySpan<T>(from, outputs).CopyTo(new(to, outputs));

    private static T Factor(AlignedBuffer<double> factors, int i) => T.CreateTruncating(factors.Pointer[i]);
}
