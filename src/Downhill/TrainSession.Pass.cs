using System.Runtime.CompilerServices;
using Downhill.Kernels;
using Downhill.Threading;

namespace Downhill;

// One pass of a batch, or of a chunk of it, through the network and back. See Network.Training.cs for the two ways in
// which a team shares it.
public sealed partial class TrainSession<T>
{
    private readonly double[] rowSquares, rowRight; // of the rows of the pass: Σ(o−t)², and 1 where the class was right

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
        if (network.PassesByRows && done == 0) network.PrepareRows(workspace, State, count, Mode(done));
        RowsJob job = new(this, start + done, count, Mode(done), Order());
        long work = (long)count * State.Parameters.Length;
        network.Team.Run(ref job, network.PassesByRows ? 2 * work : (long)count * Preparation.Width * 16);
        if (!network.PassesByRows)
        {
            network.Forward(workspace, State.Parameters, State.Buffers, count, Mode(done));
            LossJob losses = new(this, count);
            network.Team.Run(ref losses, (long)count * Preparation.Outputs * 128);
        }
        ReadOnlySpan<double> rowLoss = workspace.RowLoss, squares = rowSquares, right = rowRight;
        RowSums own = sums; // in registers
        if (!batcher.IsWeighted)
        {
            for (int i = 0; i < count; i++)
            {
                own.Loss += rowLoss[i];
                own.Squares += squares[i];
                own.Right += right[i];
            }
            own.Weight += count;
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                double counts = batcher.WeightOf(i);
                if (counts == 0) continue; // 0·∞ would not be 0
                own.Loss += counts * rowLoss[i];
                own.Weight += counts;
                own.Squares += counts * squares[i];
                own.Right += counts * right[i];
            }
        }
        sums = own;
        return count;
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
        network.Team.Run(ref job, (long)count * State.Parameters.Length);
    }

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
            IsWeighted = batcher.IsWeighted, LossGivesOutputs = true, InPanels = IsInPanels,
        };

    /// <summary>Squared errors and classes of rows of the pass, whatever the loss is (lecture L19).</summary>
    [SkipLocalsInit]
    private unsafe void Judge(int first, int count)
    {
        const int Chunk = 256;
        int width = Preparation.Outputs, row = first, column = 0;
        T* answers = workspace.OutputPointer(network.Layers.Count - 1) + (long)first * width;
        T* wanted = workspace.TargetPointer + (long)first * width;
        double* squares = stackalloc double[Chunk];
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
    private readonly struct RowsJob(TrainSession<T> session, int start, int rows, PassMode mode, Permutation? order)
        : IJob
    {
        public void Execute(int part, int parts)
        {
            (int first, int count) = Network<T>.RowsOf(rows, part, parts).GetOffsetAndLength(rows);
            if (count == 0) return;
            session.batcher.Read(session.workspace, start, first, count, order);
            if (!session.network.PassesByRows) return;
            session.network.PassRows(session.workspace, session.State, rows, mode, first, count,
                session.batcher.IsWeighted);
            session.Judge(first, count);
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
            session.Judge(first, count);
        }
    }

    private readonly struct GradientsJob(TrainSession<T> session, int done, int rows, Updater<T>? updater) : IJob
    {
        public void Execute(int part, int parts)
        {
            if (parts > 1 && updater is null && session.network.ChainsGradients(rows))
                session.network.ChainedGradients(session.workspace, session.State, rows, session.Mode(done),
                    accumulate: done > 0, part, parts);
            else
                session.network.Gradients(session.workspace, session.State, rows, session.Mode(done),
                    accumulate: done > 0, updater, part, parts);
        }
    }
}
