import { encodeJson, type InputReply, inputReply } from "@mapek/core/contract";
import { expect, test } from "vitest";
import { Receipt } from "../src/receipt.ts";

function receiptWithAnswers(): { receipt: Receipt; answers: InputReply[] } {
  const answers: InputReply[] = [];
  const receipt = new Receipt((reply) => {
    const decoded = inputReply.decode(encodeJson(reply));
    if (!decoded.ok) throw decoded.error;
    answers.push(decoded.value);
  });
  return { receipt, answers };
}

test("answers once, when the message is read and every batch that holds of it is stored", () => {
  const { receipt, answers } = receiptWithAnswers();
  receipt.accept();
  receipt.joined();
  receipt.accept();
  receipt.joined();
  receipt.settled(undefined);
  receipt.close();
  expect(answers).toEqual([]);
  receipt.settled(undefined);
  expect(answers).toEqual([{ accepted: 2, rejected: [] }]);
});

test("a batch that is stored before the message is read to its end does not answer early", () => {
  const { receipt, answers } = receiptWithAnswers();
  receipt.accept();
  receipt.joined();
  receipt.settled(undefined);
  expect(answers).toEqual([]);
  receipt.reject(1, "MAPEK_SAMPLE_NOT_FINITE", "no");
  receipt.close();
  expect(answers).toEqual([
    { accepted: 1, rejected: [{ index: 1, code: "MAPEK_SAMPLE_NOT_FINITE", message: "no" }] },
  ]);
});

test("answers at once where nothing was accepted", () => {
  const { receipt, answers } = receiptWithAnswers();
  receipt.reject(0, "MAPEK_MESSAGE_INVALID", "no");
  receipt.close();
  expect(answers).toHaveLength(1);
  expect(answers[0]?.accepted).toBe(0);
});

test("one batch that was not stored is an answer for the whole message", () => {
  const { receipt, answers } = receiptWithAnswers();
  for (let i = 0; i < 3; i++) {
    receipt.accept();
    receipt.joined();
  }
  receipt.close();
  receipt.settled(undefined);
  receipt.settled(new Error("no answer"));
  expect(answers).toEqual([]);
  receipt.settled(undefined);
  expect(answers).toEqual([
    {
      accepted: 0,
      rejected: [
        {
          index: 0,
          code: "MAPEK_NOT_STORED",
          message: expect.stringContaining("send the whole message again"),
        },
      ],
    },
  ]);
});

test("names at most 1,000 rejected samples", () => {
  const { receipt, answers } = receiptWithAnswers();
  for (let i = 0; i < 1_500; i++) receipt.reject(i, "MAPEK_SAMPLE_NOT_FINITE", "no");
  receipt.close();
  expect(answers[0]?.rejected).toHaveLength(1_000);
});

test("tells nobody where nobody asked", () => {
  const receipt = new Receipt(undefined);
  receipt.accept();
  receipt.joined();
  receipt.close();
  expect(() => receipt.settled(new Error("no"))).not.toThrow();
});
