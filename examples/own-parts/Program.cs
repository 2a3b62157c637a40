using Downhill;
using Downhill.Examples;

// A catalog with your parts makes them known by name, to parsing and to model files.
Catalog catalog = Catalog.Default with
{
    Activations = [.. Catalog.Default.Activations, Squareplus.Entry],
    Losses = [.. Catalog.Default.Losses, Charbonnier.Entry],
    Layers = [.. Catalog.Default.Layers, ("squares", (_, _) => new Squares())],
};

// An activation and a loss are options of a fit.
FitResult patients = Model.Fit(Dataset.Load("diabetes"), new FitOptions
{
    Hidden = [16],
    Activation = [catalog.Activation("squareplus(width=2)")],
    Loss = catalog.Loss("charbonnier"),
    Epochs = 60,
});
Console.WriteLine($"{((Dense)patients.Model.Spec.Layers[0]).Activation}, {patients.Model.Loss}: R² "
    + $"{patients.Test!.R2:F2}");

// A layer stands in a network that is put together by hand. Here it makes circles a matter of a single layer.
Dataset circles = Dataset.Load("circles");
FitPlan plan = FitPlan.Make(circles, new FitOptions { Epochs = 200 });
foreach (NetworkSpec network in (NetworkSpec[])
[
    new(2, new Dense(2, Activations.Softmax)),
    new(2, new Squares(), new Dense(2, Activations.Softmax)),
])
{
    using TrainSession<float> session = plan.Start(network);
    session.Run();
    FitResult fit = plan.Finish(session);
    Console.WriteLine($"{string.Join(", ", network.Layers.Select(l => l.Kind))}: {fit.Test!.Accuracy:P0} right");
    fit.Model.Save("circles.safetensors");
}

// A model file names its parts; whoever loads it says where they are.
Console.WriteLine(Model.Load("circles.safetensors", catalog).Predict([0.1f, 0]).Label);
try
{
    Model.Load("circles.safetensors");
}
catch (DownhillException error)
{
    Console.WriteLine(error.Message);
}
