using System.Numerics;

namespace Downhill;

// What the next update will be, for those who show it before it happens.
public sealed partial class TrainSession<T>
{
    /// <summary>Rows of the next update, less than <see cref="TrainOptions.Batch"/> at the end of an epoch.</summary>
    internal int NextBatch => updater is null ? batcher.Count : Math.Min(batch, batcher.Count - State.Position);

    /// <summary>Learning rate of the next update, schedules applied.</summary>
    internal double NextLearningRate => Current("learning_rate", Options.EffectiveLearningRate);

    /// <summary>The rows of the next update, in its order, as places in the list of training rows.</summary>
    internal int[] NextPlaces()
    {
        int[] places = new int[NextBatch];
        if (updater is not null && Order() is Permutation permutation) permutation.Fill(State.Position, places);
        else for (int i = 0; i < places.Length; i++) places[i] = State.Position + i;
        return places;
    }
}
