namespace Downhill.Tests.Training;

/// <summary>A velocity whose gradients stay 0 ends at 0 and not below the normal range, where it would slow down every
/// step; whichever way a step is taken, at the same step.</summary>
public sealed class FadedSlotsTests
{
    [Theory]
    [InlineData("momentum")]
    [InlineData("nesterov")]
    [InlineData("adam(0.8,0.9)")]
    [InlineData("rmsprop(0.8)")]
    [InlineData("lion(0.9,0.8)")]
    public void What_a_dead_unit_leaves_ends_at_0(string rule)
    {
        foreach (StepKind kind in new[] { StepKind.Row, StepKind.Small }) EndsAt0(rule, kind);
    }

    private static void EndsAt0(string rule, StepKind kind)
    {
        const int Inputs = 3, Units = 5, Dead = 2;
        TrainOptions options = new()
        {
            Optimizer = Catalog.Default.Optimizer(rule), LearningRate = 0.001, Batch = 1, Epochs = 1000,
        };
        NetworkSpec spec = new(Inputs, new Dense(Units, Activations.Relu), new Dense(3, Activations.Softmax));
        Dataset data = Runs.Classes(20, Inputs, 3);
        using TrainSession<float> general = Runs.Start<float>(data, spec, options with { Step = StepKind.General });
        using TrainSession<float> session = Runs.Start<float>(data, spec, options with { Step = kind });
        Segment bias = spec.Segments[1];
        foreach (TrainSession<float> each in new[] { general, session })
        {
            each.Steps(20);
            // Nothing that the inputs can say wakes it.
            for (int i = 0; i < Inputs; i++) each.State.Parameters.Span[i * Units + Dead] = 0;
            each.State.Parameters.Span[bias.Offset + Dead] = -1e4f;
            while (each.State.Step < 1500) each.Steps(7);
        }
        for (int slot = 0; slot < general.State.Slots.Count; slot++)
        {
            Assert.Equal(general.State.Slots[slot].Span, session.State.Slots[slot].Span);
            for (int i = 0; i < Inputs; i++) Assert.Equal(0, session.State.Slots[slot].Span[i * Units + Dead]);
            Assert.Contains(session.State.Slots[slot].Span.ToArray(), v => v != 0);
            Assert.DoesNotContain(session.State.Slots[slot].Span.ToArray(), float.IsSubnormal);
        }
        Assert.Equal(general.State.Parameters.Span, session.State.Parameters.Span);
    }
}
