"""TF Serving's gRPC API over one model. It needs grpcio and tensorflow-serving-api."""
import sys
from concurrent.futures import ThreadPoolExecutor

import tensorflow as tf

from model import CODES_BY_NAME, Refused, invalid, refusal


def serve_grpc(model, port):
    """Starts the gRPC services; the server, or `None` where the packages for it are not there."""
    try:
        import grpc
        from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2
        from tensorflow_serving.apis import predict_pb2
        from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc
    except ImportError as error:
        return print(f"no gRPC: {error}; it needs grpcio and tensorflow-serving-api (the latter is "
                     "installed with --no-deps beside tensorflow-cpu)", file=sys.stderr, flush=True)

    def answering(answer):
        def method(_self, request, context):
            try:
                spec = request.model_spec
                if spec.version_label:
                    raise Refused("UNIMPLEMENTED", "labels of versions are not served here")
                number = spec.version.value if spec.HasField("version") else None
                return answer(request, spec.name, number)
            except Exception as error:
                told = refusal(error)
                context.abort(grpc.StatusCode[told.code], str(told))
        return method

    def do_predict(request, name, number):
        version = model.version(name, number)
        signature = version.signature(request.model_spec.signature_name)
        declared = version.signature_def[signature].inputs
        if request.inputs.keys() != declared.keys():
            raise invalid(f"the request has the inputs {sorted(request.inputs)}, and the model has "
                          f"{sorted(declared)}")
        for key, proto in request.inputs.items():
            if proto.dtype != declared[key].dtype:
                raise invalid(f"input {key} is {tf.as_dtype(proto.dtype).name}, and the model's is "
                              f"{tf.as_dtype(declared[key].dtype).name}")
        outputs = version.run(signature, {k: tf.make_ndarray(v) for k, v in request.inputs.items()})
        wanted = list(request.output_filter) or list(outputs)
        if set(wanted) - outputs.keys():
            raise invalid(f"output_filter has {wanted}, and the outputs are {sorted(outputs)}")
        response = predict_pb2.PredictResponse()
        for key in wanted:
            response.outputs[key].CopyFrom(tf.make_tensor_proto(outputs[key]))
        response.model_spec.CopyFrom(request.model_spec)
        response.model_spec.version.value = version.number
        response.model_spec.signature_name = signature
        return response

    def do_metadata(request, name, number):
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        version = model.version(name, number)
        response.model_spec.name, response.model_spec.version.value = name, version.number
        signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=version.signature_def)
        response.metadata["signature_def"].Pack(signatures)
        return response

    def do_status(request, name, number):
        response = get_model_status_pb2.GetModelStatusResponse()
        for version, (state, code, message) in model.status(name, number):
            entry = response.model_version_status.add(version=version, state=state)
            entry.status.error_code, entry.status.error_message = CODES_BY_NAME[code], message
        return response

    prediction = type("Prediction", (prediction_service_pb2_grpc.PredictionServiceServicer,), {
        "Predict": answering(do_predict), "GetModelMetadata": answering(do_metadata)})
    status = type("Status", (model_service_pb2_grpc.ModelServiceServicer,), {
        "GetModelStatus": answering(do_status)})
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(32), options=unlimited)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(prediction(), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(status(), server)
    server.add_insecure_port(f"[::]:{port}")
    server.start()
    return server
