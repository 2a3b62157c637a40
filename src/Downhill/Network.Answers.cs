using System.Numerics;
using Downhill.Threading;

namespace Downhill;

// How rows pass through a network that only answers. Nobody changes the weights, so each thread may read all of them:
// it takes some rows through all layers, and the threads meet once. Few rows at a time, so that what one layer writes
// still lies in the nearest caches when the next layer reads it.
public sealed unsafe partial class Network<T>
{
    /// <summary>Bytes of parameters up to which answers are shared by rows: with more, the weights stay in a cache
    /// better when each thread has its columns of them.</summary>
    private const long LargestAnswering = 1024 * 1024;

    /// <summary>Rows that pass through all layers before the next ones.</summary>
    private const int AnsweredAtOnce = 256;

    private readonly struct AnswersJob(
        Network<T> network, Workspace<T> workspace, AlignedBuffer<T> parameters, AlignedBuffer<T> buffers, int rows)
        : IJob
    {
        public void Execute(int part, int parts)
        {
            (int first, int count) = Team.Part(rows, part, parts, 8).GetOffsetAndLength(rows);
            for (int end = first + count; first < end; first += AnsweredAtOnce)
                for (int index = 0; index < network.Layers.Count; index++)
                    network.Layers[index].ForwardRows(
                        network.Pass(workspace, parameters, buffers, rows, PassMode.Predict, index), first,
                        Math.Min(AnsweredAtOnce, end - first));
        }
    }
}
