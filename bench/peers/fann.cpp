// FANN as a peer: `fann`, one thread. It trains by mini-batches where each is a set of training data of its own, with
// plain gradient descent alone; has no softmax and no relu, so only networks of tanh; and halves errors of tanh
// outputs, which a doubled learning rate makes good. One difference stays: for the derivative it cuts tanh at ±0.98.
#include <floatfann.h>

#include "protocol.hpp"

namespace {

using peer::Numbers;
using peer::Workload;

class Training : public peer::Trainer {
public:
    Training(const Workload& workload, const Numbers& numbers)
        : Trainer(workload, numbers.x.rows), numbers_(numbers) {
        std::vector<unsigned> widths(workload.widths.begin(), workload.widths.end());
        network_.reset(fann_create_standard_array(static_cast<unsigned>(widths.size()), widths.data()));
        fann_set_activation_function_hidden(network_.get(), FANN_SIGMOID_SYMMETRIC);
        fann_set_activation_function_output(network_.get(), FANN_SIGMOID_SYMMETRIC);
        fann_set_activation_steepness_hidden(network_.get(), 1);
        fann_set_activation_steepness_output(network_.get(), 1);
        fann_set_train_error_function(network_.get(), FANN_ERRORFUNC_LINEAR);
        fann_set_training_algorithm(network_.get(), FANN_TRAIN_BATCH);
        // Momentum, which its batches lack, would make steps 1 / (1 − γ) times as long.
        double rate = 2 * workload.learning_rate / (1 - workload.momentum);
        fann_set_learning_rate(network_.get(), static_cast<float>(rate));
        for (int64_t i = 0; i < numbers_.x.rows; i++) {
            rows_.push_back(&numbers_.x.values[i * numbers_.x.columns]);
            targets_.push_back(&numbers_.targets.values[i * numbers_.targets.columns]);
        }
        for (const auto& place : places().all()) {
            fann_train_data batch{};
            batch.num_data = static_cast<unsigned>(place.count);
            batch.num_input = widths.front();
            batch.num_output = widths.back();
            batch.input = &rows_[place.start];
            batch.output = &targets_[place.start];
            batches_.push_back(batch);
        }
        restart();
    }

    void restart() override {
        fann* network = network_.get();
        std::vector<fann_connection> connections(fann_get_total_connections(network));
        fann_get_connection_array(network, connections.data());
        // Neurons are numbered through the layers, each layer but the last with one more for the bias.
        size_t layer = 0;
        int64_t first = 0;
        for (auto& connection : connections) {
            auto from = [&] { return static_cast<int64_t>(connection.from_neuron) - first; };
            while (from() > numbers_.weights[layer].rows) first += numbers_.weights[layer++].rows + 1;
            const auto& weight = numbers_.weights[layer];
            int64_t to = static_cast<int64_t>(connection.to_neuron) - first - weight.rows - 1;
            connection.weight = from() == weight.rows ? numbers_.biases[layer][to]
                                                      : weight.values[from() * weight.columns + to];
        }
        fann_set_weight_array(network, connections.data(), static_cast<unsigned>(connections.size()));
        Trainer::restart();
    }

protected:
    void step(const peer::Places::Place& place) override {
        fann_train_epoch(network_.get(), &batches_[place.index]);
    }

    // FANN keeps no answers of a batch: they are asked for before.
    double measured_step(const peer::Places::Place& place) override {
        double sum = 0;
        for (int64_t row = place.start; row < place.start + place.count; row++)
            sum += peer::loss_of(false, fann_run(network_.get(), rows_[row]), targets_[row], 1,
                                 numbers_.targets.columns);
        step(place);
        return sum / static_cast<double>(place.count);
    }

private:
    struct Destroy {
        void operator()(fann* network) const { fann_destroy(network); }
    };

    Numbers numbers_;
    std::unique_ptr<fann, Destroy> network_;
    std::vector<float*> rows_, targets_;
    std::vector<fann_train_data> batches_;
};

}  // namespace

int main() {
    peer::serve([](const Workload& workload, const std::string& path) -> std::unique_ptr<peer::Run> {
        using peer::Activation;
        bool is_tanh = workload.hidden == Activation::tanh && workload.output == Activation::tanh;
        if (workload.kind != "train" || !is_tanh) return nullptr;
        return std::make_unique<Training>(workload, Numbers(path, workload));
    });
}
