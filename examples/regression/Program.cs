using Downhill;

Dataset patients = Dataset.Load("diabetes");   // ten measurements, and how far the disease was a year later

FitResult fit = Model.Fit(patients, new FitOptions
{
    Hidden = [32],
    Epochs = 300,
    Stop = [StoppingRules.Validation(patience: 30)],   // holds out a part, and ends when that gets no better
});
Console.WriteLine(fit.Stopped.Text);

// R² compares with always saying the mean: 0 is as good as that, 1 is perfect. The other two are in the target's units.
Metrics test = fit.Test!;
Console.WriteLine($"off by {test.Mae:F0} on average, root mean square {test.Rmse:F0}, R² {test.R2:F2}");

// Some rows beside their answers: `Predict` takes raw numbers and gives raw numbers.
int columns = patients.NumericCount;
Console.WriteLine("wanted   answered");
for (int row = 0; row < 5; row++)
{
    Prediction answer = fit.Model.Predict(patients.Numeric.AsSpan(row * columns, columns));
    Console.WriteLine($"{patients.Values[row],6:F0} {answer.Values[0],10:F0}");
}
