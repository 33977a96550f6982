"""The official Python SDKs, unmodified, against a running Switchyard that has only its sandbox.

scripts/test.ts starts the server and gives its address and key. What the answers say is the sandbox's affair; here it
counts that the SDKs parse them: text, streams, tool calls, usage, models and errors.
"""

import os
import unittest

import anthropic
import openai
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types

URL = os.environ["SWITCHYARD_TEST_URL"].rstrip("/")
KEY = os.environ["SWITCHYARD_TEST_KEY"]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
HELLO = [{"role": "user", "content": "Hello, sandbox"}]


class OpenAI(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0, timeout=20)
        self.addCleanup(self.client.close)

    def test_chat(self):
        answer = self.client.chat.completions.create(model="test/echo", messages=HELLO)
        self.assertEqual(answer.object, "chat.completion")
        self.assertTrue(answer.choices[0].message.content)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertGreater(answer.usage.total_tokens, 0)

    def test_chat_stream(self):
        options = {"include_usage": True}
        pieces = list(self.client.chat.completions.create(model="test/echo", messages=HELLO, stream=True, stream_options=options))
        text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
        whole = self.client.chat.completions.create(model="test/echo", messages=HELLO)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertGreater(pieces[-1].usage.total_tokens, 0)

    def test_chat_tool_call(self):
        tools = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
        answer = self.client.chat.completions.create(model="test/tool-call", messages=HELLO, tools=tools)
        self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
        self.assertEqual(answer.choices[0].message.tool_calls[0].function.name, "weather")

    def test_responses(self):
        answer = self.client.responses.create(model="test/echo", input="Hello, sandbox")
        self.assertTrue(answer.output_text)
        self.assertEqual(answer.status, "completed")

    def test_responses_stream(self):
        kinds = [event.type for event in self.client.responses.create(model="test/echo", input="Hello", stream=True)]
        self.assertEqual(kinds[0], "response.created")
        self.assertEqual(kinds[-1], "response.completed")
        self.assertIn("response.output_text.delta", kinds)

    def test_models(self):
        models = list(self.client.models.list())
        self.assertTrue(models)
        self.assertEqual(self.client.models.retrieve(models[0].id).id, models[0].id)

    def test_errors(self):
        stranger = openai.OpenAI(base_url=f"{URL}/v1", api_key="sk-unknown", max_retries=0)
        self.addCleanup(stranger.close)
        with self.assertRaises(openai.AuthenticationError):
            stranger.chat.completions.create(model="test/echo", messages=HELLO)
        with self.assertRaises(openai.NotFoundError):
            self.client.chat.completions.create(model="no-such-model", messages=HELLO)
        with self.assertRaises(openai.RateLimitError):
            self.client.chat.completions.create(model="test/429", messages=HELLO)


class Anthropic(unittest.TestCase):
    def setUp(self):
        self.client = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0, timeout=20)
        self.addCleanup(self.client.close)

    def test_message(self):
        answer = self.client.messages.create(model="test/echo", max_tokens=256, messages=HELLO)
        self.assertEqual(answer.type, "message")
        self.assertTrue(answer.content[0].text)
        self.assertEqual(answer.stop_reason, "end_turn")
        self.assertGreater(answer.usage.output_tokens, 0)

    def test_message_stream(self):
        with self.client.messages.stream(model="test/echo", max_tokens=256, messages=HELLO) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertEqual(text, final.content[0].text)
        self.assertEqual(final.stop_reason, "end_turn")

    def test_tool_use_stream(self):
        tools = [{"name": "weather", "input_schema": SCHEMA}]
        with self.client.messages.stream(model="test/tool-call", max_tokens=256, messages=HELLO, tools=tools) as stream:
            final = stream.get_final_message()
        calls = [block for block in final.content if block.type == "tool_use"]
        self.assertEqual([call.name for call in calls], ["weather"])
        self.assertIn("city", calls[0].input)

    def test_count_tokens(self):
        count = self.client.messages.count_tokens(model="test/echo", messages=HELLO)
        self.assertGreater(count.input_tokens, 0)

    def test_errors(self):
        stranger = anthropic.Anthropic(base_url=URL, api_key="sk-unknown", max_retries=0)
        self.addCleanup(stranger.close)
        with self.assertRaises(anthropic.AuthenticationError):
            stranger.messages.create(model="test/echo", max_tokens=16, messages=HELLO)
        with self.assertRaises(anthropic.NotFoundError):
            self.client.messages.create(model="no-such-model", max_tokens=16, messages=HELLO)


class Gemini(unittest.TestCase):
    def setUp(self):
        self.client = genai.Client(api_key=KEY, http_options=genai_types.HttpOptions(base_url=URL, timeout=20_000))
        self.addCleanup(self.client.close)

    def test_generate(self):
        answer = self.client.models.generate_content(model="test/echo", contents="Hello, sandbox")
        self.assertTrue(answer.text)
        self.assertEqual(answer.candidates[0].finish_reason, genai_types.FinishReason.STOP)
        self.assertGreater(answer.usage_metadata.total_token_count, 0)

    def test_generate_stream(self):
        pieces = list(self.client.models.generate_content_stream(model="test/echo", contents="Hello, sandbox"))
        whole = self.client.models.generate_content(model="test/echo", contents="Hello, sandbox")
        self.assertEqual("".join(piece.text or "" for piece in pieces), whole.text)

    def test_tool_call(self):
        tool = {"function_declarations": [{"name": "weather", "parameters_json_schema": SCHEMA}]}
        answer = self.client.models.generate_content(model="test/tool-call", contents="Hello", config={"tools": [tool]})
        self.assertEqual([call.name for call in answer.function_calls], ["weather"])

    def test_count_tokens(self):
        self.assertGreater(self.client.models.count_tokens(model="test/echo", contents="Hello, sandbox").total_tokens, 0)

    def test_errors(self):
        with self.assertRaises(genai_errors.ClientError) as caught:
            self.client.models.generate_content(model="no-such-model", contents="Hello")
        self.assertEqual(caught.exception.code, 404)


if __name__ == "__main__":
    unittest.main()
