using Downhill;
using Downhill.Data;
using Downhill.Onnx;

// A table as it comes. Here it is a sample, written out; put the path of yours.
CsvWriter.Write(Dataset.Load("wine"), "wine.csv");

DataReading table = DataSource.Open("wine.csv", new TableOptions { Target = "cultivar" });
Console.WriteLine(table.Summary);

FitResult fit = Model.Fit(table.Data, new FitOptions { Hidden = [32], Epochs = 100 });
Metrics test = fit.Test!;
Console.WriteLine($"{test.Accuracy:P1} of {test.Rows} rows that it had not seen are right");
foreach ((string name, ClassScore score) in fit.Model.Preparation.Target.Classes.Zip(test.PerClass!))
    Console.WriteLine($"  {name}: {score.Recall:P1} of its {score.Support} rows found");

fit.Model.Save("wine.safetensors");
OnnxExport.Save(fit.Model, "wine.onnx");

// Later, perhaps in another program. The model knows its columns, their scaling and the names of the classes.
Model model = Model.Load("wine.safetensors");
Prediction answer = model.Predict(
    [14.23f, 1.71f, 2.43f, 15.6f, 127, 2.8f, 3.06f, 0.28f, 2.29f, 5.64f, 1.04f, 3.92f, 1065]);
Console.WriteLine($"{answer.Label}, with {answer.Values[answer.Class]:P1}");
