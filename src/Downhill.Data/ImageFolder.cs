namespace Downhill.Data;

/// <summary>
/// Reads a folder of images: <c>FOLDER/CLASS/*.png</c>, one folder per class, whose name is the class. Each pixel is an
/// input, 0 … 255; colour images have three planes of them, red, green and blue. Classes and files are taken in the
/// order of their names, so that the rows are the same on every machine. A folder that holds the images themselves
/// gives rows without classes.
/// </summary>
public static class ImageFolder
{
    private const string Ending = ".png";
    private static readonly string[] Planes = ["red", "green", "blue"];
    private static readonly string[] OtherImages = [".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"];

    /// <summary>Whether the folders in it hold images, or the folder itself where there are none in it.</summary>
    /// <exception cref="DownhillException">A folder that may not be read.</exception>
    public static bool Recognizes(string folder) => TableText.Guard(folder, () =>
        (Folders(folder).Any() ? Folders(folder).SelectMany(Visible) : Visible(folder)).Any(IsImage));

    /// <summary>Reads all images.</summary>
    /// <param name="folder">The folder of the classes' folders, or of images to be told apart.</param>
    /// <param name="needClasses">Whether images without classes are refused.</param>
    /// <param name="inputs">The number of inputs of a model that exists, for which grey images may have to be three
    /// planes; null for what the images are.</param>
    /// <exception cref="DownhillException">An image that is no PNG, is damaged, or has another size, by its file's
    /// name; fewer than two classes; a folder without images.</exception>
    public static DataReading Read(string folder, bool needClasses = true, int? inputs = null) =>
        TableText.Guard(folder, () => ReadAll(folder, needClasses, inputs));

    private static DataReading ReadAll(string folder, bool needClasses, int? inputs)
    {
        string[] classFolders = [.. Folders(folder)];
        bool hasClasses = classFolders.Length > 0;
        if (!hasClasses && needClasses)
            Throw.Input(folder, "a folder for each class, with its images", "images without classes",
                "Put the images of each class into a folder with its name.");
        string[] classes = hasClasses ? [.. classFolders.Select(path => Path.GetFileName(path))] : [];
        if (hasClasses && needClasses && classes.Length < 2)
            Throw.Input(folder, "at least two classes", $"the folder '{classes[0]}' alone",
                "Put the images of each class into a folder with its name.");
        List<PngImage> images = [];
        List<int> codes = [];
        string first = "";
        foreach (string place in hasClasses ? classFolders : [folder])
        {
            string[] files = Files(place);
            first = first.Length == 0 ? files[0] : first;
            foreach (string file in files)
            {
                PngImage image = PngImage.Read(file, File.ReadAllBytes(file));
                if (images.Count > 0 && (image.Width, image.Height) != (images[0].Width, images[0].Height))
                    Throw.Input(file, $"an image of {images[0].Width}×{images[0].Height} as {first}",
                        $"{image.Width}×{image.Height}", "Bring all images to one size first.");
                images.Add(image);
                if (hasClasses) codes.Add(Array.IndexOf(classFolders, place));
            }
        }
        int pixels = images[0].Width * images[0].Height;
        bool isColour = images.Exists(image => image.IsColour) || inputs == 3 * pixels;
        Column[] columns = [.. (isColour ? Planes : [""]).SelectMany(plane => Columns(images[0], plane))];
        var data = new Dataset(DataSource.NameOf(folder), columns, hasClasses ? new Target(["label"], classes)
            : new Target([], []), Values(folder, images, columns.Length), [], [.. codes], [])
        {
            Image = new ImageShape(images[0].Width, images[0].Height), Source = folder,
        };
        string goal = hasClasses ? $"{classes.Length} classes" : "no classes";
        return new DataReading(data, $"{folder}: {data.Rows} PNG images of {images[0].Width}×{images[0].Height} in "
            + $"{(isColour ? "colour" : "grey")}, {columns.Length} inputs, {goal}");
    }

    private static IEnumerable<Column> Columns(PngImage image, string plane)
    {
        string ending = plane.Length > 0 ? $"_{plane}" : "";
        for (int i = 0; i < image.Width * image.Height; i++)
            yield return new Column($"pixel_{i / image.Width}_{i % image.Width}{ending}");
    }

    /// <summary>[images, inputs]; of a grey image among colours every plane is the same.</summary>
    private static float[] Values(string folder, List<PngImage> images, int inputs)
    {
        if ((long)images.Count * inputs > Array.MaxLength)
            Throw.Input(folder, $"at most {Array.MaxLength} values in memory", $"{images.Count} images of {inputs}",
                "Use fewer or smaller images.");
        float[] values = new float[images.Count * inputs];
        for (int i = 0; i < images.Count; i++)
        {
            byte[] pixels = images[i].Pixels;
            for (int k = 0; k < inputs; k++) values[i * inputs + k] = pixels[k % pixels.Length];
        }
        return values;
    }

    /// <summary>The images of one class, by name; anything else but hidden files is refused, so that no image is left
    /// out unnoticed.</summary>
    private static string[] Files(string folder)
    {
        string[] files = [.. Visible(folder).Order(StringComparer.Ordinal)];
        if (files.FirstOrDefault(file => !IsPng(file)) is string other)
            Throw.Input(other, "a .png image", $"'{Path.GetExtension(other)}'",
                OtherImages.Contains(Path.GetExtension(other).ToLowerInvariant()) ? "Save it as PNG."
                    : "Move the file elsewhere.");
        if (Folders(folder).FirstOrDefault() is string nested)
            Throw.Input(nested, "images", "a folder inside a class", "Move its images one folder up.");
        if (files.Length == 0)
            Throw.Input(folder, "images of the class", "none", "Put .png files there, or remove the folder.");
        return files;
    }

    private static bool IsPng(string file) => file.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);

    private static bool IsImage(string file) =>
        IsPng(file) || OtherImages.Contains(Path.GetExtension(file).ToLowerInvariant());

    private static IEnumerable<string> Visible(string folder) => Directory.EnumerateFiles(folder).Where(IsVisible);

    private static IEnumerable<string> Folders(string folder) =>
        Directory.EnumerateDirectories(folder).Where(IsVisible).Order(StringComparer.Ordinal);

    // .DS_Store, .git and what Windows keeps beside pictures.
    private static bool IsVisible(string path) => Path.GetFileName(path) is [not '.', ..] and not "Thumbs.db";
}
