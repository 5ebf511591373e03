(** A follower who looks ahead, in the model: his soft values, how a change of the model moves them
    (C8; proofs/performance-difference.md), and the leader's value given his. *)
From Coq Require Import Reals List Lra Lia.
From ExactQSE Require Import Sums Gibbs Performance Game.
Import ListNotations.
Open Scope R_scope.

Section Model.
Variables (M : model) (pi : policy) (e : R).
Hypotheses (Ee : eta M = Some e) (He : 0 < e) (HB : (0 < follower M)%nat).
Let S' := seq 0 (states M).
Let A := seq 0 (leader M).
Let B := seq 0 (follower M).

Lemma replies_exist : B <> [].
Proof. unfold B. destruct (follower M); [lia|discriminate]. Qed.

(** The action values with [k] steps to go after this one; the soft value is that of Gibbs.v. *)
Definition Q_value (k s : nat) : nat -> R := action_value M pi (horizon M - S k) s (V M pi k).

Lemma V_soft k s : V M pi (S k) s = soft_value B e (Q_value k s).
Proof. simpl. now rewrite Ee. Qed.

Definition worth_value (k s b : nat) : R :=
  mean (pi (horizon M - S k)%nat s b)
    (fun a => u M (horizon M - S k) s a b + mean (P M (horizon M - S k) s a b) (W M pi k) S') A.

(** Given the soft value [v = V_h(s)], the leader's is [W = e^(- eta v) sum_b e^(eta q_b) w_b]. *)
Theorem W_given_V k s :
  W M pi (S k) s = exp (- (e * V M pi (S k) s)) * rsum (fun b => exp (e * Q_value k s b) * worth_value k s b) B.
Proof.
  pose proof (partition_pos B replies_exist e (Q_value k s)) as HZ.
  change (W M pi (S k) s) with (reply (eta M) B (Q_value k s) (worth_value k s)).
  rewrite V_soft, Ee. unfold soft_value, reply.
  replace (e * (/ e * ln (partition B e (Q_value k s)))) with (ln (partition B e (Q_value k s))) by (field; lra).
  rewrite exp_Ropp, exp_ln by assumption. unfold mean. rewrite <- rsum_scale. apply rsum_ext. intros b _.
  unfold response. fold (partition B e (Q_value k s)). field. lra.
Qed.
End Model.

(** C8, for two models of one shape, one eta and one gamma, under one policy. *)
Section Two.
Variables (M M' : model) (pi : policy) (e : R).
Hypotheses (Ee : eta M = Some e) (Ee' : eta M' = Some e) (He : 0 < e) (HB : (0 < follower M)%nat).
Hypotheses (EH : horizon M' = horizon M) (ES : states M' = states M) (EA : leader M' = leader M)
  (EB : follower M' = follower M) (Eg : gamma M' = gamma M).
Let S' := seq 0 (states M).
Let A := seq 0 (leader M).
Let B := seq 0 (follower M).

Theorem action_values_of_two_models k s b : let h := (horizon M - S k)%nat in
  Q_value M' pi k s b - Q_value M pi k s b =
  mean (pi h s b) (fun a => r M' h s a b - r M h s a b) A
  + gamma M * mean (pi h s b) (fun a => mean (fun t => P M' h s a b t - P M h s a b t) (V M' pi k) S') A
  + gamma M * mean (pi h s b) (fun a => mean (P M h s a b) (fun t => V M' pi k t - V M pi k t) S') A.
Proof.
  intros h. unfold Q_value, action_value. rewrite EH, ES, EA, Eg. apply action_value_difference.
Qed.

Theorem soft_values_of_two_models k s :
  V M' pi (S k) s - V M pi (S k) s =
  mean (quantal B e (Q_value M pi k s)) (fun b => Q_value M' pi k s b - Q_value M pi k s b) B
  + kl B (quantal B e (Q_value M pi k s)) (quantal B e (Q_value M' pi k s)) / e.
Proof.
  rewrite (V_soft M' pi e Ee'), (V_soft M pi e Ee), EB. apply value_difference; [now apply replies_exist|exact He].
Qed.
End Two.
