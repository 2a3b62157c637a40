using System.Runtime.CompilerServices;
using Downhill.Kernels;
using Downhill.Threading;

namespace Downhill;

// One pass of a batch, or of a chunk of it, through the network and back. See Network.Training.cs for the two ways in
// which a team shares it.
public sealed partial class TrainSession<T>
{
    private bool isAlone; // whether the chunk's pass is left to the caller's thread

    /// <summary>Outputs and losses of the next chunk; where rows are shared also their way back.</summary>
    /// <param name="start">Place of the batch's first row in the epoch.</param>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="done">Rows of the batch that have passed.</param>
    /// <param name="sums">Is added to.</param>
    /// <returns>Rows of the chunk.</returns>
    private int Pass(int start, int rows, int done, ref RowSums sums)
    {
        int count = Math.Min(workspace.Rows, rows - done);
        batcher.Epoch = State.Epoch;
        isAlone = network.Team.Size == 1 || (panels is null && batch <= workspace.Rows
            && Options.Step != StepKind.Shared && !network.IsWorthSharing(count));
        if (network.PassesByRows)
        {
            network.PlanRows(workspace, State, count, Mode(done), accumulate: done > 0);
            if (done == 0) network.PrepareRows(workspace, count);
        }
        RowsJob job = new(this, start + done, count, Order());
        Run(ref job, network.PassesByRows ? network.WorkOf(count) : (long)count * Spec.Inputs * 16);
        if (!network.PassesByRows)
        {
            network.Forward(workspace, State.Parameters, State.Buffers, count, Mode(done));
            LossJob losses = new(this, count);
            Run(ref losses, (long)count * Spec.Outputs * 128);
        }
        if (batcher.IsWeighted) AddWeighted(count, ref sums);
        else Add(count, ref sums);
        return count;
    }

    // Methods of their own, so that three chains of additions stay in registers.

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Add(int count, ref RowSums sums)
    {
        ReadOnlySpan<double> rowLoss = workspace.RowLoss[..count], rowSquares = workspace.RowSquares[..count];
        ReadOnlySpan<double> rowRight = workspace.RowRight[..count];
        double loss = sums.Loss, squares = sums.Squares, right = sums.Right;
        for (int i = 0; i < count; i++)
        {
            loss += rowLoss[i];
            squares += rowSquares[i];
            right += rowRight[i];
        }
        (sums.Loss, sums.Squares, sums.Right) = (loss, squares, right);
        sums.Weight += count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddWeighted(int count, ref RowSums sums)
    {
        ReadOnlySpan<double> rowLoss = workspace.RowLoss, rowSquares = workspace.RowSquares;
        ReadOnlySpan<double> rowRight = workspace.RowRight;
        for (int i = 0; i < count; i++)
        {
            double counts = batcher.WeightOf(i);
            if (counts == 0) continue; // 0·∞ would not be 0
            sums.Loss += counts * rowLoss[i];
            sums.Weight += counts;
            sums.Squares += counts * rowSquares[i];
            sums.Right += counts * rowRight[i];
        }
    }

    /// <summary>The gradient of the chunk that has just passed, added to that of the ones before.</summary>
    private void Backward(int done, int count, Updater<T>? updater)
    {
        if (!network.PassesByRows)
        {
            network.BackwardByLayer(workspace, State, count, Mode(done), accumulate: done > 0, updater);
            return;
        }
        GradientsJob job = new(this, done, count, updater);
        Run(ref job, (long)count * State.Parameters.Length);
    }

    private void Run<TJob>(ref TJob job, long multiplyAdds) where TJob : struct, IJob =>
        network.Team.Run(ref job, isAlone ? 0 : multiplyAdds);

    /// <summary>Loss and gradient over a batch: sums, not yet normalised.</summary>
    private (double Loss, double Weight) Accumulate(int start, int rows)
    {
        RowSums sums = default;
        for (int done = 0; done < rows;)
        {
            int count = Pass(start, rows, done, ref sums);
            Backward(done, count, updater: null);
            done += count;
        }
        (batchSquares, batchRight) = (sums.Squares, sums.Right);
        return (sums.Loss, sums.Weight);
    }

    private PassMode Mode(int done) =>
        new(IsTraining: true, Options.Seed, State.Step, FirstRow: done)
        {
            IsWeighted = batcher.IsWeighted, LossGivesOutputs = true, InPanels = IsInPanels, IsAlone = isAlone,
        };

    /// <summary>Squared errors and classes of rows of the pass, whatever the loss is (lecture L19): where it does not
    /// find them on its way.</summary>
    [SkipLocalsInit]
    private unsafe void Judge(int first, int count)
    {
        const int Chunk = 256;
        int width = Preparation.Outputs, row = first, column = 0;
        T* answers = workspace.OutputPointer(network.Layers.Count - 1) + (long)first * width;
        T* wanted = workspace.TargetPointer + (long)first * width;
        double* squares = stackalloc double[Chunk];
        Span<double> rowSquares = workspace.RowSquares;
        double sum = 0;
        long length = (long)count * width;
        for (long start = 0; start < length; start += Chunk)
        {
            int chunk = (int)Math.Min(Chunk, length - start);
            DoubleLanes<T>.SquaredErrors(answers + start, wanted + start, squares, chunk);
            for (int i = 0; i < chunk; i++)
            {
                sum += squares[i];
                if (++column < width) continue;
                rowSquares[row++] = sum;
                (column, sum) = (0, 0);
            }
        }
        if (Preparation.Target.IsClass) JudgeClasses(answers, first, count);
    }

    private unsafe void JudgeClasses(T* answers, int first, int count)
    {
        int width = Preparation.Outputs;
        ReadOnlySpan<int> classes = batcher.Classes;
        Span<double> rowRight = workspace.RowRight;
        for (int row = first; row < first + count; row++, answers += width)
        {
            int best = 0; // without a jump, which would go wrong for every other row
            T top = answers[0];
            if (Preparation.SingleOutput) best = Preparation.ClassOf(new ReadOnlySpan<T>(answers, 1));
            else
                for (int o = 1; o < width; o++)
                {
                    best = answers[o] > top ? o : best;
                    top = T.MaxNative(answers[o], top);
                }
            rowRight[row] = best == classes[row] ? 1 : 0;
        }
    }

    /// <summary>Reads rows; where rows are shared, takes them through the network and back.</summary>
    private readonly struct RowsJob(TrainSession<T> session, int start, int rows, Permutation? order) : IJob
    {
        public void Execute(int part, int parts)
        {
            (int first, int count) = Network<T>.RowsOf(rows, part, parts).GetOffsetAndLength(rows);
            if (count == 0) return;
            session.batcher.Read(session.workspace, start, first, count, order);
            if (!session.network.PassesByRows) return;
            session.network.PassRows(session.workspace, first, count, session.batcher.IsWeighted);
            if (!session.network.LossJudges) session.Judge(first, count);
        }
    }

    private readonly struct LossJob(TrainSession<T> session, int rows) : IJob
    {
        public void Execute(int part, int parts)
        {
            (int first, int count) = Network<T>.RowsOf(rows, part, parts).GetOffsetAndLength(rows);
            if (count == 0) return;
            session.network.EvaluateRows(session.workspace, first, count, session.batcher.IsWeighted,
                withGradient: true, withOutputs: true);
            if (!session.network.LossJudges) session.Judge(first, count);
        }
    }

    private readonly struct GradientsJob(TrainSession<T> session, int done, int rows, Updater<T>? updater) : IJob
    {
        public void Execute(int part, int parts)
        {
            if (parts > 1 && updater is null && session.network.ChainsGradients(rows))
                session.network.ChainedGradients(session.workspace, session.State, rows, session.Mode(done),
                    accumulate: done > 0, part, parts);
            else if (parts > 1) session.network.Gradients(session.workspace, updater, part, parts);
            else
            {
                // All of the gradient is there at the end, and one walk takes it: with a walk for each tensor, making
                // ready takes as long as walking.
                session.network.Gradients(session.workspace, null, part, parts);
                updater?.ApplyAll();
            }
        }
    }
}
