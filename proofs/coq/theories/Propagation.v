(** Theorem 4: the best stage value is monotone and nonexpansive in the values of the next step
    (proofs/propagation.md). *)
From Coq Require Import Reals List Lra.
From ExactQSE Require Import Sums.
Import ListNotations.
Open Scope R_scope.

(** A prescription fixes the weights [nu_b alpha_b(a)] of the continuation values [y a b]: a mean. *)
Section Stage.
Context {X : Type} (l : list X).

Lemma value_monotone w y y' : simplex w l -> (forall x, In x l -> y x <= y' x) -> mean w y l <= mean w y' l.
Proof. intros [Hw _]. now apply mean_le. Qed.

Lemma value_shift w y M : simplex w l -> mean w (fun x => y x + M) l = mean w y l + M.
Proof. intros [_ H1]. now rewrite mean_plus, mean_const. Qed.

(** [weights w] says that some prescription has these weights; [T y] is the best value, a supremum. *)
Variable weights : (X -> R) -> Prop.
Hypothesis weights_simplex : forall w, weights w -> simplex w l.
Variable T : (X -> R) -> R.
Hypothesis T_best : forall y, is_lub (fun v => exists w, weights w /\ v = mean w y l) (T y).

Theorem best_monotone y y' : (forall x, In x l -> y x <= y' x) -> T y <= T y'.
Proof.
  intros H. apply (T_best y). intros v (w & Hw & ->).
  apply Rle_trans with (mean w y' l); [now apply value_monotone; [apply weights_simplex|]|].
  apply (T_best y'). now exists w.
Qed.

Theorem best_nonexpansive y y' M : (forall x, In x l -> Rabs (y x - y' x) <= M) -> Rabs (T y - T y') <= M.
Proof.
  intros H.
  assert (one_way : forall z z', (forall x, In x l -> z x <= z' x + M) -> T z <= T z' + M).
  { intros z z' Hz. apply (T_best z). intros v (w & Hw & ->).
    apply Rle_trans with (mean w (fun x => z' x + M) l);
      [now apply value_monotone; [apply weights_simplex|]|].
    rewrite value_shift by now apply weights_simplex.
    apply Rplus_le_compat_r, (T_best z'). now exists w. }
  apply Rabs_le. split.
  - assert (T y' <= T y + M); [|lra]. apply one_way. intros x Hx. specialize (H x Hx).
    unfold Rabs in H. destruct Rcase_abs in H; lra.
  - assert (T y <= T y' + M); [|lra]. apply one_way. intros x Hx. specialize (H x Hx).
    unfold Rabs in H. destruct Rcase_abs in H; lra.
Qed.
End Stage.

(** Over a horizon: claims that pass the test of each step bound every value; errors add. *)
Theorem errors_add (T : nat -> (nat -> R) -> nat -> R) (S' : list nat) (W claim : nat -> nat -> R) (eps : nat -> R) :
  (forall n y y' M, (forall s, In s S' -> y s <= y' s + M) -> forall s, In s S' -> T n y s <= T n y' s + M) ->
  (forall s, In s S' -> W 0%nat s <= claim 0%nat s) ->
  (forall n s, In s S' -> W (S n) s <= T n (W n) s) ->
  (forall n s, In s S' -> T n (claim n) s <= claim (S n) s + eps n) ->
  forall n s, In s S' -> W n s <= claim n s + rsum eps (seq 0 n).
Proof.
  intros HT H0 HW Hc n. induction n as [|n IH]; intros s Hs; [simpl; specialize (H0 s Hs); lra|].
  rewrite seq_S, rsum_app. simpl. eapply Rle_trans; [now apply HW|].
  eapply Rle_trans; [now apply (HT n (W n) (claim n) (rsum eps (seq 0 n)))|]. specialize (Hc n s Hs). lra.
Qed.
