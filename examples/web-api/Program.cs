using Downhill;

// A model inside a service of your own. `downhill serve` does this without code; here you have the rest of ASP.NET
// Core around it. A Predictor may be used by any number of requests at once, without a lock.
Model model = File.Exists("iris.safetensors") ? Model.Load("iris.safetensors")
    : Model.Fit(Dataset.Load("iris"), new FitOptions { Hidden = [16], Epochs = 200 }).Model;
Predictor predictor = model.CreatePredictor();
IReadOnlyList<string> names = model.Preparation.Target.Classes;

WebApplication app = WebApplication.CreateSlimBuilder(args).Build();
app.MapPost("/flower", (Flower flower) =>
{
    float[] chances = new float[names.Count];
    try
    {
        int kind = predictor.Predict(
            [flower.SepalLength, flower.SepalWidth, flower.PetalLength, flower.PetalWidth], chances);
        return Results.Ok(new { kind = names[kind], chance = Math.Round(chances[kind], 3) });
    }
    catch (DownhillException error)
    {
        return Results.BadRequest(new { error = error.Message });   // says where, what was expected and what came
    }
});
app.MapGet("/", () => $"POST a flower to /flower: {model.Spec} answers.\n");
app.Run();

/// <summary>Leaves of an iris, in centimetres.</summary>
internal sealed record Flower(float SepalLength, float SepalWidth, float PetalLength, float PetalWidth);
