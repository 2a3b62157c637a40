using Downhill.Docs.Tests.Recipes;
using Xunit;

namespace Downhill.Docs.Tests;

/// <summary>docs/RECIPES.md shows the code of this folder, and this code works for a user of the library.</summary>
public sealed class RecipeTests
{
    private static readonly Catalog Mine = Catalog.Default with
    {
        Activations = [.. Catalog.Default.Activations, BentIdentity.Entry],
        Losses = [.. Catalog.Default.Losses, LogCosh.Entry],
        Optimizers = [.. Catalog.Default.Optimizers, Signum.Entry],
        Layers = [.. Catalog.Default.Layers, ("feature_shift", (_, _) => new FeatureShift())],
    };

    [Fact]
    public void The_document_shows_this_code() =>
        Documents.Check("docs/RECIPES.md", Documents.WithCode("docs/RECIPES.md"));

    [Fact]
    public void A_users_activation_trains_is_saved_and_is_loaded()
    {
        // begin use
        Catalog catalog = Catalog.Default with { Activations = [.. Catalog.Default.Activations, BentIdentity.Entry] };
        Activation bent = catalog.Activation("bent_identity");
        FitResult fit = Model.Fit(
            Dataset.Load("moons"), new() { Hidden = [32, 32], Activation = [bent], Epochs = 300 });
        byte[] file = fit.Model.ToBytes();
        Model again = ModelFile.FromBytes(file, catalog);
        // end use
        Assert.True(fit.Test!.Accuracy > 0.9, $"accuracy {fit.Test.Accuracy}");
        Assert.Equal(fit.Model.WeightsHash, again.WeightsHash);
        Assert.Throws<DownhillException>(() => ModelFile.FromBytes(file));
    }

    [Fact]
    public void A_users_loss_and_rule_train()
    {
        FitResult fit = Model.Fit(Dataset.Load("playground_plane"), new()
        {
            Hidden = [16], Loss = Mine.Loss("log_cosh"), Optimizer = Mine.Optimizer("signum"), LearningRate = 0.002,
            Epochs = 60,
        });
        Assert.True(fit.Test!.R2 > 0.95, $"R² {fit.Test.R2}");
    }

    [Theory, InlineData(1e-6)]
    public void A_users_layer_has_the_gradient_that_differences_give(double tolerance)
    {
        NetworkSpec spec = new(3, new FeatureShift(), new Dense(4, BentIdentity.Entry.Default),
            new Dense(2, Activations.Tanh));
        using Network<double> network = new(spec, LogCosh.Entry.Default);
        Workspace<double> workspace = new(network, 2);
        AlignedBuffer<double> parameters = new(spec.ParameterLength), buffers = new(spec.BufferLength),
            gradient = new(spec.ParameterLength);
        network.Initialize(parameters, buffers, seed: 3);
        RandomStream random = new(7, RandomStreams.Data);
        for (int i = 0; i < workspace.Input.Length; i++) workspace.Input[i] = random.Normal((ulong)i);
        for (int i = 0; i < workspace.Targets.Length; i++) workspace.Targets[i] = random.Normal((ulong)(100 + i));
        Cost();
        network.Evaluate(workspace, 2, weighted: false, withGradient: true);
        network.Backward(workspace, parameters, buffers, gradient, 2, new PassMode(IsTraining: true),
            accumulate: false);
        foreach (Segment segment in spec.Segments)
            for (int i = segment.Offset; i < segment.Offset + segment.Length; i++)
            {
                const double H = 1e-5;
                double at = parameters.Span[i];
                parameters.Span[i] = at + H;
                double above = Cost();
                parameters.Span[i] = at - H;
                double below = Cost();
                parameters.Span[i] = at;
                Assert.Equal((above - below) / (2 * H), gradient.Span[i], tolerance);
            }

        double Cost()
        {
            network.Forward(workspace, parameters, buffers, 2, new PassMode(IsTraining: true));
            network.Evaluate(workspace, 2, weighted: false, withGradient: false);
            return workspace.RowLoss[0] + workspace.RowLoss[1];
        }
    }
}
