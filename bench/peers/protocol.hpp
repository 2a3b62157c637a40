// What the peers in C++ share; the words are those of protocol.py, which tells them.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace peer {

using Json = nlohmann::json;

constexpr double shortest_block = 0.0002;  // seconds between two looks at the clock

// A matrix of floats, row by row.
struct Matrix {
    int64_t rows = 0, columns = 0;
    std::vector<float> values;
};

enum class Activation { none, relu, tanh, softmax };

inline Activation activation_of(const std::string& name) {
    return name == "relu" ? Activation::relu : name == "tanh" ? Activation::tanh
        : name == "softmax" ? Activation::softmax : throw std::runtime_error("unknown activation '" + name + "'");
}

// What bench/run says about a workload.
struct Workload {
    std::string kind, form;
    Activation hidden = Activation::none, output = Activation::none;
    int64_t batch = 0, size = 0;
    double learning_rate = 0, momentum = 0;  // momentum 0 is plain gradient descent
    std::vector<int64_t> widths;

    explicit Workload(const Json& json)
        : kind(json.at("kind")), form(json.value("form", "")), batch(json.value("batch", 0)),
          size(json.value("size", 0)), learning_rate(json.value("learningRate", 0.0)) {
        if (kind == "multiply") return;
        hidden = activation_of(json.at("activation"));
        output = activation_of(json.at("output"));
        std::istringstream network(json.value("network", ""));
        for (std::string width; std::getline(network, width, '-');) widths.push_back(std::stoll(width));
        std::string optimizer = json.value("optimizer", "gradient_descent");
        if (optimizer.rfind("momentum", 0) == 0) {
            size_t number = optimizer.find_first_of("0123456789.");  // momentum is 0.9 where nothing else is written
            momentum = number == std::string::npos ? 0.9 : std::stod(optimizer.substr(number));
        }
    }
};

// Rows, targets and first weights of a workload, the same for every engine: a safetensors file.
struct Numbers {
    Matrix x, targets;  // targets of a classification have a 1 in the column of the class
    bool is_class = false;
    std::vector<int64_t> classes;
    std::vector<Matrix> weights;             // [inputs, units]
    std::vector<std::vector<float>> biases;  // [units]

    const float* targets_of(int64_t row) const { return &targets.values[row * targets.columns]; }

    Numbers(const std::string& path, const Workload& workload) {
        std::ifstream file(path, std::ios::binary);
        uint64_t length = 0;
        file.read(reinterpret_cast<char*>(&length), sizeof length);
        std::string text(length, ' ');
        file.read(text.data(), static_cast<std::streamsize>(length));
        Json header = Json::parse(text);
        auto start = file.tellg();
        auto read = [&](const std::string& name, auto& values) {
            const Json& offsets = header.at(name).at("data_offsets");
            int64_t begin = offsets[0], end = offsets[1];
            values.resize(static_cast<size_t>(end - begin) / sizeof(values[0]));
            file.seekg(start + std::streamoff(begin));
            if (!file.read(reinterpret_cast<char*>(values.data()), end - begin))
                throw std::runtime_error(path + ": '" + name + "' is cut off");
        };
        auto matrix = [&](const std::string& name) {
            const Json& shape = header.at(name).at("shape");
            Matrix result{shape[0], shape[1], {}};
            read(name, result.values);
            return result;
        };
        x = matrix("x");
        is_class = header.contains("classes");
        if (is_class) {
            std::vector<int32_t> those;
            read("classes", those);
            classes.assign(those.begin(), those.end());
            targets = {x.rows, workload.widths.back(), {}};
            targets.values.resize(static_cast<size_t>(targets.rows * targets.columns));
            for (size_t i = 0; i < classes.size(); i++)
                targets.values[i * static_cast<size_t>(targets.columns) + static_cast<size_t>(classes[i])] = 1;
        } else {
            targets = matrix("values");
        }
        for (size_t i = 0; i + 1 < workload.widths.size(); i++) {
            std::string layer = "layers." + std::to_string(i);
            weights.push_back(matrix(layer + ".weight"));
            read(layer + ".bias", biases.emplace_back());
        }
    }
};

// A workload bound to a library. A subclass says what one call does and how many units it did.
class Run {
public:
    virtual ~Run() = default;

    virtual int64_t call() = 0;

    // Back to the first weights.
    virtual void restart() {}

    // The losses of so many steps from the first weights; of what does not train, none.
    virtual std::vector<double> losses(int64_t) { return {}; }

    double rate(double seconds, const std::function<double()>& now) {
        restart();
        int64_t calls = 1;
        while (time(calls) < shortest_block) calls *= 2;
        int64_t units = 0;
        double elapsed = 0, start = now();
        while (elapsed < seconds) {
            for (int64_t i = 0; i < calls; i++) units += call();
            elapsed = now() - start;
        }
        return static_cast<double>(units) / elapsed;
    }

    // Seconds by the clock on the wall.
    static double wall() {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }

    // Seconds that the processors worked for this process.
    static double processor() {
        timespec time{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    }

private:
    double time(int64_t calls) {
        double start = wall();
        for (int64_t i = 0; i < calls; i++) call();
        return wall() - start;
    }
};

constexpr int64_t worth_threads = 100'000;  // elements of a loop

// Calls f for 0, 1, … count − 1, with all threads where there are many elements.
template <typename F>
void each(int64_t count, int64_t elements, F f) {
    if (elements > worth_threads) {
#pragma omp parallel for
        for (int64_t i = 0; i < count; i++) f(i);
    } else {
#pragma omp simd
        for (int64_t i = 0; i < count; i++) f(i);
    }
}

// The batches of an epoch, over and over; the last one of an epoch may be shorter.
class Places {
public:
    struct Place {
        size_t index;  // within the epoch
        int64_t start, count;
    };

    Places(int64_t rows, int64_t batch) {
        for (int64_t start = 0; start < rows; start += batch)
            all_.push_back({all_.size(), start, std::min(batch, rows - start)});
    }

    const std::vector<Place>& all() const { return all_; }

    void restart() { next_ = 0; }

    const Place& next() {
        const Place& place = all_[next_];
        next_ = next_ + 1 == all_.size() ? 0 : next_ + 1;
        return place;
    }

private:
    std::vector<Place> all_;
    size_t next_ = 0;
};

// The mean over rows of −Σ t·ln y, or of ½·Σ (y − t)².
inline double loss_of(bool is_class, const float* y, const float* t, int64_t rows, int64_t columns) {
    double sum = 0;
    for (int64_t i = 0; i < rows * columns; i++) {
        double difference = static_cast<double>(y[i]) - t[i];
        sum += !is_class ? 0.5 * difference * difference : t[i] == 0 ? 0 : -t[i] * std::log(static_cast<double>(y[i]));
    }
    return sum / static_cast<double>(rows);
}

// A library that trains, batch by batch.
class Trainer : public Run {
public:
    explicit Trainer(const Workload& workload, int64_t rows)
        : places_(rows, workload.batch ? workload.batch : rows) {}

    void restart() override { places_.restart(); }

    int64_t call() override {
        const auto& place = places_.next();
        step(place);
        return place.count;
    }

    std::vector<double> losses(int64_t steps) override {
        restart();
        std::vector<double> losses;
        for (int64_t i = 0; i < steps; i++) losses.push_back(measured_step(places_.next()));
        return losses;
    }

protected:
    virtual void step(const Places::Place& place) = 0;

    // A step, and the loss at the weights before it.
    virtual double measured_step(const Places::Place& place) = 0;

    const Places& places() const { return places_; }

private:
    Places places_;
};

// d = d · activation′, from the activation's result y.
inline void derive(Activation activation, const float* y, float* d, int64_t count) {
    if (activation == Activation::relu) each(count, count, [=](int64_t i) { d[i] = y[i] > 0 ? d[i] : 0; });
    else each(count, count, [=](int64_t i) { d[i] *= 1 - y[i] * y[i]; });
}

// Whether a number is one, also where the compiler may take for granted that it is (-ffast-math).
inline bool is_finite(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return (bits >> 52 & 0x7FF) != 0x7FF;
}

// Compares the answers [rows, outputs] to the first rows with a network computed in the order of the textbook.
inline void check_answers(const Workload& workload, const Numbers& numbers, const float* answers, int64_t rows) {
    for (int64_t row = 0; row < rows; row++) {
        const float* first = &numbers.x.values[static_cast<size_t>(row * numbers.x.columns)];
        std::vector<double> y(first, first + numbers.x.columns);
        for (size_t layer = 0; layer < numbers.weights.size(); layer++) {
            const auto& weight = numbers.weights[layer];
            std::vector<double> z(numbers.biases[layer].begin(), numbers.biases[layer].end());
            for (size_t i = 0; i < y.size(); i++)
                for (size_t j = 0; j < z.size(); j++) z[j] += y[i] * weight.values[i * z.size() + j];
            Activation activation = layer + 1 == numbers.weights.size() ? workload.output : workload.hidden;
            double sum = 0;
            for (double& value : z) {
                value = activation == Activation::relu ? std::max(value, 0.0)
                    : activation == Activation::tanh ? std::tanh(value) : std::exp(value);
                sum += value;
            }
            if (activation == Activation::softmax)
                for (double& value : z) value /= sum;
            y = z;
        }
        for (size_t j = 0; j < y.size(); j++)
            if (double error = y[j] - answers[row * static_cast<int64_t>(y.size()) + static_cast<int64_t>(j)];
                !is_finite(error) || std::abs(error) >= 1e-4)
                throw std::runtime_error("its answer to row " + std::to_string(row + 1) + " is wrong");
    }
}

// The matrices of a product, row by row, and its result.
struct Product {
    std::string form;
    int64_t size;
    std::vector<float> a, b, c;

    explicit Product(const Workload& workload) : form(workload.form), size(workload.size) {
        for (auto* matrix : {&a, &b, &c}) matrix->resize(static_cast<size_t>(size * size));
        for (int64_t i = 0; i < size * size; i++) {
            a[i] = static_cast<float>(i * 7 % 13) / 13 - 0.5f;
            b[i] = static_cast<float>(i * 5 % 11) / 11 - 0.5f;
        }
    }

    // Compares some of the result with sums in the order of the textbook.
    void check() const {
        for (int64_t i = 0; i < size; i += size / 8 + 1)
            for (int64_t j = 0; j < size; j += size / 7 + 1) {
                double sum = 0;
                for (int64_t k = 0; k < size; k++)
                    sum += static_cast<double>(form == "WeightGradient" ? a[k * size + i] : a[i * size + k])
                        * (form == "InputGradient" ? b[j * size + k] : b[k * size + j]);
                if (double error = sum - c[i * size + j];
                    !is_finite(error) || std::abs(error) >= 1e-4 * static_cast<double>(size))
                    throw std::runtime_error("its product is wrong at " + std::to_string(i) + ", " + std::to_string(j));
            }
    }
};

// Answers until the input ends. `bind(workload, path)` gives a Run, or null for what the library cannot do.
using Bind = std::function<std::unique_ptr<Run>(const Workload&, const std::string& path)>;

inline void serve(const Bind& bind) {
    std::map<std::string, std::unique_ptr<Run>> runs;
    auto opened = [&](const std::string& name) -> Run& {
        if (!runs.count(name)) throw std::runtime_error("'" + name + "' is not open");
        return *runs[name];
    };
    for (std::string line; std::getline(std::cin, line);) {
        Json answer = Json::object();
        try {
            std::istringstream words(line);
            std::string word, name, order;
            words >> word >> name >> order;
            if (word == "open") {
                std::string path, description;
                words >> path;
                std::getline(words, description);
                auto run = order == "ordered" ? bind(Workload(Json::parse(description)), path) : nullptr;
                if (run) runs[name] = std::move(run);
                else answer["unsupported"] = true;
            } else if (word == "window") {
                double seconds;
                std::string clock;
                words >> seconds >> clock;
                answer["rate"] = opened(name).rate(seconds, clock == "processor" ? Run::processor : Run::wall);
            } else if (word == "losses") {
                int64_t steps;
                words >> steps;
                answer["losses"] = opened(name).losses(steps);
                for (double loss : answer["losses"])
                    if (!is_finite(loss)) throw std::runtime_error("its loss is not a number");
            } else if (word == "close") {
                runs.clear();
            } else {
                answer["error"] = "unknown words '" + line + "'";
            }
        } catch (const std::exception& error) {  // the driver shows it and goes on without this peer
            std::string text = error.what();
            answer = {{"error", text.substr(0, text.find('\n'))}};
        }
        std::cout << answer.dump() << std::endl;
    }
}

// The value behind `--name`, or the other one.
inline std::string option(int count, char** words, const std::string& name, const std::string& otherwise) {
    for (int i = 1; i + 1 < count; i++)
        if (words[i] == "--" + name) return words[i + 1];
    return otherwise;
}

}  // namespace peer
