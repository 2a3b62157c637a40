using System.Runtime.CompilerServices;
using Downhill.Threading;

namespace Downhill;

// One pass of a batch, or of a chunk of it, through the network and back. See Network.Training.cs for the two ways in
// which a team shares it.
public sealed partial class TrainSession<T>
{
    private readonly double[] rowSquares, rowRight; // of the rows of the pass: Σ(o−t)², and 1 where the class was right

    /// <summary>Sums over a batch, each row by its weight and in order.</summary>
    private struct BatchSums
    {
        public double Loss, Weight, Squares, Right;
    }

    /// <summary>Outputs and losses of the next chunk; where rows are shared also their way back.</summary>
    /// <param name="start">Place of the batch's first row in the epoch.</param>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="done">Rows of the batch that have passed.</param>
    /// <param name="sums">Is added to.</param>
    /// <returns>Rows of the chunk.</returns>
    private int Pass(int start, int rows, int done, ref BatchSums sums)
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
        if (!batcher.IsWeighted)
        {
            for (int i = 0; i < count; i++)
            {
                sums.Loss += rowLoss[i];
                sums.Squares += squares[i];
                sums.Right += right[i];
            }
            sums.Weight += count;
            return count;
        }
        for (int i = 0; i < count; i++)
        {
            double counts = batcher.WeightOf(i);
            if (counts == 0) continue; // 0·∞ would not be 0
            sums.Loss += counts * rowLoss[i];
            sums.Weight += counts;
            sums.Squares += counts * squares[i];
            sums.Right += counts * right[i];
        }
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
        BatchSums sums = default;
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
        new(IsTraining: true, Options.Seed, State.Step, FirstRow: done) { IsWeighted = batcher.IsWeighted };

    /// <summary>Squared errors and classes of rows of the pass, whatever the loss is (lecture L19).</summary>
    private unsafe void Judge(int first, int count)
    {
        int width = Preparation.Outputs;
        bool isClass = Preparation.Target.IsClass, isSingle = Preparation.SingleOutput;
        T* answers = workspace.OutputPointer(network.Layers.Count - 1) + (long)first * width;
        T* wanted = workspace.TargetPointer + (long)first * width;
        ReadOnlySpan<int> classes = batcher.Classes;
        for (int row = first; row < first + count; row++, answers += width, wanted += width)
        {
            double squares = 0;
            int best = 0; // without a jump, which would go wrong for every other row
            T top = answers[0];
            for (int o = 0; o < width; o++)
            {
                double error = Double(answers[o]) - Double(wanted[o]);
                squares += error * error;
                bool isAbove = answers[o] > top;
                top = isAbove ? answers[o] : top;
                best = isAbove ? o : best;
            }
            rowSquares[row] = squares;
            if (!isClass) continue;
            if (isSingle) best = Preparation.ClassOf(new ReadOnlySpan<T>(answers, 1));
            rowRight[row] = best == classes[row] ? 1 : 0;
        }
    }

    /// <summary>The same number; faster than CreateTruncating, which the compiler does not see through.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Double(T value) =>
        typeof(T) == typeof(float) ? (double)(float)(object)value : double.CreateTruncating(value);

    /// <summary>Reads rows; where rows are shared, takes them through the network and back.</summary>
    private readonly struct RowsJob(TrainSession<T> session, int start, int rows, PassMode mode, Permutation? order)
        : IJob
    {
        public void Execute(int part, int parts)
        {
            (int first, int count) = Team.Part(rows, part, parts, 8).GetOffsetAndLength(rows);
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
            (int first, int count) = Team.Part(rows, part, parts, 8).GetOffsetAndLength(rows);
            if (count == 0) return;
            session.network.EvaluateRows(session.workspace, first, count, session.batcher.IsWeighted,
                withGradient: true);
            session.Judge(first, count);
        }
    }

    private readonly struct GradientsJob(TrainSession<T> session, int done, int rows, Updater<T>? updater) : IJob
    {
        public void Execute(int part, int parts) => session.network.Gradients(
            session.workspace, session.State, rows, session.Mode(done), accumulate: done > 0, updater, part, parts);
    }
}
